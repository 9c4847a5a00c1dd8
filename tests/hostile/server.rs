//! The server: one thread a connection, one answer a connection.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub head: String,
    pub body: String,
}

impl Asked {
    /// The operation, by AWS's name, and the rest of the path where it names an API.
    pub fn operation(&self) -> (&'static str, String) {
        let path = self
            .head
            .split([' ', '?'])
            .nth(1)
            .unwrap_or_default()
            .trim_start_matches("/v2/apis");
        if self.head.contains("/listRegions") {
            return ("ListRegions", String::new());
        }
        for name in ["GetCallerIdentity", "AssumeRole", "DescribeRegions"] {
            if self.body.contains(&format!("Action={name}&")) {
                return (name, String::new());
            }
        }
        if self.head.contains(".ListAccounts") {
            return ("ListAccounts", String::new());
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let name = match parts.as_slice() {
            [] => "GetApis",
            [_] => "GetApi",
            [_, _] => "GetStages",
            _ => "GetStage",
        };
        (name, parts.join("/"))
    }
}

/// The bytes to send, before the connection is closed.
#[derive(Clone)]
pub enum Answer {
    Bytes(Vec<u8>),
    /// The first, and then the second until the client leaves.
    Endless(Vec<u8>, Vec<u8>),
    /// The same, with a pause before each.
    Slowly(Vec<u8>, Vec<u8>),
}

/// A server that runs until the process ends.
pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { url, asked }
    }

    /// Number of requests for an operation, for the API or stage at the end of its path.
    pub fn count(&self, operation: &str, path: &str) -> usize {
        let of = |asked: &&Asked| asked.operation() == (operation_name(operation), path.to_owned());
        self.asked.lock().unwrap().iter().filter(of).count()
    }
}

fn operation_name(name: &str) -> &'static str {
    let names = [
        "GetApis",
        "GetApi",
        "GetStages",
        "GetStage",
        "AssumeRole",
        "GetCallerIdentity",
        "ListAccounts",
    ];
    names.into_iter().find(|known| *known == name).unwrap()
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) {
    let mut bytes = Vec::new();
    let asked = loop {
        let mut more = [0; 8192];
        match stream.read(&mut more) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&more[..count]),
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse::<usize>()
                .ok()
        });
        if body.len() >= length.unwrap_or_default() {
            break Asked {
                head: format!("{head}\r\n"),
                body: body.to_owned(),
            };
        }
    };
    log.lock().unwrap().push(asked.clone());
    // Some answers are meant to make the client leave.
    match answer(&asked) {
        Answer::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Answer::Endless(first, again) => {
            if stream.write_all(&first).is_ok() {
                while stream.write_all(&again).is_ok() {}
            }
        }
        Answer::Slowly(first, again) => {
            if stream.write_all(&first).is_ok() {
                while stream.write_all(&again).is_ok() {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

/// A proper answer with this status, these headers and this body.
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    Answer::Bytes([head.as_bytes(), body].concat())
}

/// A proper answer of AWS.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a document is made in place, and tests read better without a &"
)]
pub fn ok(body: impl ToString) -> Answer {
    http("200 OK", "", body.to_string())
}

/// AWS's refusal.
pub fn refused(status: &str, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({"message": message}).to_string();
    http(status, &format!("x-amzn-errortype: {code}\r\n"), body)
}
