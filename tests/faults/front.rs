//! A front that answers some requests with given bytes and hands the others to the control plane.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Address of the front, which runs until the runtime ends.
pub async fn front(
    behind: &str,
    strikes: impl Fn(&str) -> bool + Send + Sync + Copy + 'static,
    answer: String,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind: SocketAddr = behind.trim_start_matches("http://").parse().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            // A connection that breaks is the client's to notice.
            tokio::spawn(async move { serve(stream, behind, strikes, &answer).await.ok() });
        }
    });
    url
}

/// One request a connection: the length of the answer is where it ends.
async fn serve(
    mut stream: TcpStream,
    behind: SocketAddr,
    strikes: impl Fn(&str) -> bool,
    answer: &str,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                break text.clone();
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    if strikes(&head) {
        return stream.write_all(answer.as_bytes()).await;
    }
    let mut server = TcpStream::connect(behind).await?;
    server
        .write_all(
            head.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1)
                .as_bytes(),
        )
        .await?;
    tokio::io::copy(&mut server, &mut stream).await.map(drop)
}

/// An answer of that status, which names this code, or none.
pub fn refusal(status: &str, code: &str, body: &str) -> String {
    let code = if code.is_empty() {
        String::new()
    } else {
        format!("x-amzn-errortype: {code}\r\n")
    };
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{code}\r\n{body}",
        body.len()
    )
}
