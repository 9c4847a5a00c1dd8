//! Connections: HTTP/1.1 with keep-alive on a loopback socket, and the ways in which a connection can break. It does
//! not know why a request is answered as it is.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::control_plane::{ControlPlane, Fate};
use crate::emulator::faults::Effect;
use crate::emulator::wire::{RawRequest, Reply};

const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Accepts until the task is aborted; its connections end with it.
pub async fn serve(listener: TcpListener, control_plane: Arc<ControlPlane>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&control_plane)));
                }
                Err(error) => {
                    tracing::debug!(%error, "no connection accepted");
                    // Out of file descriptors, most likely: without a pause this would spin.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            // Takes the ended ones out of the set, which would grow otherwise.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, control_plane: Arc<ControlPlane>) {
    // Nagle's algorithm would hold the second half of an answer back until the first is acknowledged.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let ending = Mutex::new(Ending::Close);
    let service = service_fn(|request| respond(request, &control_plane, &ending));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = (&mut connection).await {
        tracing::debug!(%error, "connection broken");
    }
    let stream = connection.into_parts().io.into_inner();
    if let Err(error) = ending
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .carry_out(stream)
        .await
    {
        tracing::debug!(%error, "connection ended in another way than it should");
    }
}

/// The end of a connection, after HTTP.
enum Ending {
    Close,
    Reset,
    /// The server closes its side, and keeps listening until the client leaves.
    HalfClose,
    /// These bytes are sent before the end, valid HTTP or not.
    After(Vec<u8>),
}

impl Ending {
    async fn carry_out(self, mut stream: TcpStream) -> std::io::Result<()> {
        match self {
            Ending::Close => Ok(()),
            Ending::Reset => stream.set_zero_linger(),
            Ending::HalfClose => {
                stream.shutdown().await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink())
                    .await
                    .map(drop)
            }
            Ending::After(bytes) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await
            }
        }
    }
}

async fn respond(
    request: Request<Incoming>,
    control_plane: &ControlPlane,
    ending: &Mutex<Ending>,
) -> Result<hyper::Response<Payload>, Broken> {
    let (head, body) = request.into_parts();
    let body = if head.method == Method::POST {
        text(body).await?
    } else {
        String::new()
    };
    let header = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    let response = control_plane.receive(&RawRequest {
        method: head.method.as_str(),
        target: head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str()),
        authorization: header(AUTHORIZATION),
        security_token: header(SECURITY_TOKEN),
        amz_target: header(TARGET),
        body: &body,
    });
    if !response.after.is_zero() {
        tokio::time::sleep(response.after).await;
    }
    let end = |as_told: Ending| *ending.lock().unwrap_or_else(PoisonError::into_inner) = as_told;
    match response.fate {
        Fate::Answered(reply) => message(reply, &response.request_id, Payload::whole),
        Fate::Delivered(reply, Effect::ShortLength) => {
            end(Ending::After(raw_message(
                &reply,
                reply.body.len().saturating_sub(10),
            )));
            Err(Broken)
        }
        Fate::Delivered(reply, Effect::LongLength) => {
            end(Ending::After(raw_message(&reply, reply.body.len() + 10)));
            Err(Broken)
        }
        Fate::Delivered(reply, effect) => {
            if matches!(effect, Effect::HalfClose) {
                end(Ending::HalfClose);
            }
            message(reply, &response.request_id, |body| {
                Payload::struck(body, &effect)
            })
        }
        Fate::Reset => {
            end(Ending::Reset);
            Err(Broken)
        }
        Fate::Closed => Err(Broken),
        Fate::Hung => std::future::pending().await,
    }
}

/// An answer that HTTP does not allow: hyper would put its length right.
fn raw_message(reply: &Reply, length: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {} \r\ncontent-type: {}\r\ncontent-length: {length}\r\n\r\n",
        reply.status, reply.content_type
    );
    [head.as_bytes(), &reply.body].concat()
}

async fn text(body: Incoming) -> Result<String, Broken> {
    const LIMIT: usize = 64 * 1024;
    let body = Limited::new(body, LIMIT)
        .collect()
        .await
        .map_err(|_| Broken)?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

fn message(
    reply: Reply,
    request_id: &str,
    payload: impl FnOnce(Vec<u8>) -> Payload,
) -> Result<hyper::Response<Payload>, Broken> {
    let mut message = hyper::Response::builder()
        .status(reply.status)
        .header(CONTENT_TYPE, reply.content_type)
        .header(REQUEST_ID, request_id);
    let headers = [
        (ERROR_TYPE, reply.error_type),
        (
            RETRY_AFTER,
            reply.retry_after.map(|seconds| seconds.to_string()),
        ),
        (LOCATION, reply.location),
        (CONTENT_ENCODING, reply.content_encoding.map(str::to_owned)),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            message = message.header(name, value);
        }
    }
    // Only an invalid status, set by a test, gets here: the connection closes without an answer.
    message.body(payload(reply.body)).map_err(|_| Broken)
}

/// The connection ends here. hyper closes it without writing anything more.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was broken on purpose")
    }
}

impl std::error::Error for Broken {}

/// The body of an answer, which may announce more than it delivers.
struct Payload {
    /// Nothing for one that has no end.
    announced: Option<u64>,
    bytes: Bytes,
    end: End,
    pace: Option<Pace>,
}

struct Pace {
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

#[derive(Clone, Copy)]
enum End {
    Whole,
    /// The delivered bytes are sent before the connection breaks.
    Flush,
    Break,
    Silence,
    Again,
}

impl Payload {
    fn whole(body: Vec<u8>) -> Payload {
        Payload {
            announced: Some(body.len() as u64),
            bytes: body.into(),
            end: End::Whole,
            pace: None,
        }
    }

    fn struck(body: Vec<u8>, effect: &Effect) -> Payload {
        let half = body.len() / 2;
        let whole = Payload::whole(body);
        let paced = |pause| {
            Some(Pace {
                pause,
                next: Box::pin(tokio::time::sleep(pause)),
            })
        };
        match *effect {
            Effect::Cut => Payload {
                bytes: whole.bytes.slice(..half),
                end: End::Flush,
                ..whole
            },
            Effect::Stall => Payload {
                bytes: whole.bytes.slice(..half),
                end: End::Silence,
                ..whole
            },
            Effect::HalfClose => Payload {
                bytes: Bytes::new(),
                end: End::Flush,
                ..whole
            },
            Effect::Trickle(pause) => Payload {
                pace: paced(pause),
                ..whole
            },
            Effect::TrickleForEver(pause) => Payload {
                announced: None,
                bytes: Bytes::from_static(b" "),
                end: End::Again,
                pace: paced(pause),
            },
            _ => whole,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let payload = self.get_mut();
        if !payload.bytes.is_empty() {
            let Some(pace) = &mut payload.pace else {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut payload.bytes)))));
            };
            std::task::ready!(pace.next.as_mut().poll(cx));
            pace.next = Box::pin(tokio::time::sleep(pace.pause));
            let again = matches!(payload.end, End::Again);
            let byte = if again {
                payload.bytes.clone()
            } else {
                payload.bytes.split_to(1)
            };
            return Poll::Ready(Some(Ok(Frame::data(byte))));
        }
        match payload.end {
            End::Whole | End::Again => Poll::Ready(None),
            End::Flush => {
                // hyper drops what it has buffered when a body fails, but writes it while a body is pending.
                payload.end = End::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(Broken))),
            End::Silence => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && matches!(self.end, End::Whole)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
