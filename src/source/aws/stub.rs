//! A server for tests that gives stub answers and keeps a log of its requests. It must not know AWS.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The line of the request and the headers, in lower case.
    pub head: String,
    pub body: String,
}

impl Received {
    /// True if the request is for the operation, by AWS's JSON protocols, rest-json or query.
    pub fn is(&self, operation: &str) -> bool {
        let name = operation.to_lowercase();
        self.head.contains(&format!(".{name}\r\n"))
            || self.head.starts_with(&format!("post /{name} "))
            || self.body.contains(&format!("Action={operation}&"))
    }
}

/// The requests so far.
pub type Log = Arc<Mutex<Vec<Received>>>;

/// Starts the server; the configuration leads every service to it.
pub async fn answering(
    region: &str,
    answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
) -> (SdkConfig, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let log = Log::default();
    let seen = Arc::clone(&log);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read(&mut stream).await;
            seen.lock().unwrap().push(request.clone());
            let (status, body) = answer(&request);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            stream
                .write_all(format!("{head}{body}").as_bytes())
                .await
                .unwrap();
        }
    });
    let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "a test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(Builder::new().build_http())
        .build();
    (config, log)
}

async fn read(stream: &mut TcpStream) -> Received {
    let mut text = Vec::new();
    loop {
        let mut more = [0; 4096];
        let count = stream.read(&mut more).await.unwrap();
        text.extend_from_slice(&more[..count]);
        let so_far = String::from_utf8(text.clone()).unwrap();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            continue;
        };
        let head = format!("{}\r\n", head.to_lowercase());
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next()?.parse().ok());
        if body.len() >= length.unwrap_or_default() {
            return Received {
                head,
                body: body.to_owned(),
            };
        }
    }
}
