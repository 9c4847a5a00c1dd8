//! Connections: HTTP/1.1 with keep-alive on a loopback socket, and the ways in which a connection can break. It does
//! not know why a request is answered as it is.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::control_plane::{ControlPlane, Fate};
use super::reply::Reply;
use super::request::RawRequest;

/// Accepts until the task is aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, control_plane: Arc<ControlPlane>) -> Infallible {
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
    let reset = AtomicBool::new(false);
    let service = service_fn(|request| respond(request, &control_plane, &reset));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = (&mut connection).await {
        tracing::debug!(%error, "connection broken");
    }
    let stream = connection.into_parts().io.into_inner();
    if reset.into_inner()
        && let Err(error) = stream.set_zero_linger()
    {
        tracing::debug!(%error, "closed instead of reset");
    }
}

async fn respond(
    request: Request<Incoming>,
    control_plane: &ControlPlane,
    reset: &AtomicBool,
) -> Result<hyper::Response<Payload>, Broken> {
    let (head, body) = request.into_parts();
    let form = if head.method == Method::POST { form(body).await? } else { String::new() };
    let response = control_plane.receive(&RawRequest {
        method: head.method.as_str(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()),
        authorization: head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()),
        form: &form,
    });
    if !response.after.is_zero() {
        tokio::time::sleep(response.after).await;
    }
    match response.fate {
        Fate::Answered(reply) => message(reply, &response.request_id, Payload::whole),
        Fate::Cut(reply) => message(reply, &response.request_id, Payload::cut),
        Fate::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(Broken)
        }
        Fate::Closed => Err(Broken),
        Fate::Hung => std::future::pending().await,
    }
}

async fn form(body: Incoming) -> Result<String, Broken> {
    const LIMIT: usize = 64 * 1024;
    let body = Limited::new(body, LIMIT).collect().await.map_err(|_| Broken)?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

fn message(
    reply: Reply,
    request_id: &str,
    payload: fn(Vec<u8>) -> Payload,
) -> Result<hyper::Response<Payload>, Broken> {
    let mut message = hyper::Response::builder()
        .status(reply.status)
        .header(CONTENT_TYPE, reply.content_type)
        .header("x-amzn-requestid", request_id);
    if let Some(error_type) = reply.error_type {
        message = message.header("x-amzn-errortype", error_type);
    }
    if let Some(seconds) = reply.retry_after {
        message = message.header(RETRY_AFTER, seconds);
    }
    // Only a status that is none, told by a test, gets here: the connection closes without an answer.
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
    announced: u64,
    bytes: Option<Bytes>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Whole,
    /// What was delivered goes out to the socket before the connection breaks.
    Flush,
    Break,
}

impl Payload {
    fn whole(body: Vec<u8>) -> Payload {
        Payload { announced: body.len() as u64, bytes: Some(body.into()), end: End::Whole }
    }

    fn cut(mut body: Vec<u8>) -> Payload {
        let announced = body.len() as u64;
        body.truncate(body.len() / 2);
        Payload { announced, bytes: Some(body.into()), end: End::Flush }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let payload = self.get_mut();
        if let Some(bytes) = payload.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match payload.end {
            End::Whole => Poll::Ready(None),
            End::Flush => {
                // hyper drops what it has buffered when a body fails, but writes it while a body is pending.
                payload.end = End::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(Broken))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_none_or(Bytes::is_empty) && matches!(self.end, End::Whole)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
