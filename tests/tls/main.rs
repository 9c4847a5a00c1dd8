//! Through a proxy and to a server with a certificate that only AWS_CA_BUNDLE knows: the environment is honoured
//! for both, and the proxy's password is never shown.
//!
//! The certificates are of this test alone. They were made once, for a hundred years, by an authority whose key was
//! thrown away: `openssl req -x509 -newkey ec …` for `ca.pem`, and `openssl x509 -req -CA ca.pem …` for `server.pem`,
//! which is for `*.apigateway.test`, a name that no DNS knows (RFC 6761).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

use std::process::Command;
use std::sync::{Arc, Mutex};

use driftgate::emulator::{Emulator, Fleet, Settings, document};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem");
const POLICY: &str = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: {present: true}}}\n";
const PASSWORD: &str = "s3cr3t-Pass";
/// `auditor:s3cr3t-Pass`.
const AUTHORIZATION: &str = "proxy-authorization: basic yxvkaxrvcjpzm2nym3qtugfzcw==";

/// A control plane behind TLS, and a proxy that alone knows where it is.
struct World {
    _runtime: Runtime,
    emulator: Emulator,
    proxy: String,
    /// The requests to the proxy.
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let fleet = Fleet::new().api(
            "111122223333",
            "us-east-1",
            document::http_api("a1", "orders"),
            ["dev", "prod"].map(document::http_stage).to_vec(),
        );
        let emulator = runtime
            .block_on(Emulator::start(Settings {
                fleet,
                ..Settings::default()
            }))
            .unwrap();
        let behind = emulator
            .endpoint_url()
            .trim_start_matches("http://")
            .to_owned();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let proxy = runtime.block_on(async {
            let (tls, proxy) = (listen().await, listen().await);
            let (server, address) = (tls.local_addr().unwrap(), proxy.local_addr().unwrap());
            tokio::spawn(terminate(tls, behind));
            tokio::spawn(async move {
                while let Ok((stream, _)) = proxy.accept().await {
                    let log = Arc::clone(&log);
                    // A connection that breaks is the client's to notice.
                    tokio::spawn(
                        async move { tunnel(stream, server.to_string(), &log).await.ok() },
                    );
                }
            });
            address.to_string()
        });
        Self {
            _runtime: runtime,
            emulator,
            proxy,
            asked,
        }
    }

    /// Audits; the exit code, the result, and all that was written.
    fn audit(
        &self,
        password: &str,
        bundle: Option<&str>,
        more: &[(&str, &str)],
    ) -> (i32, Json, String) {
        self.audit_with(password, bundle, more, &[])
    }

    /// The same with more flags.
    fn audit_with(
        &self,
        password: &str,
        bundle: Option<&str>,
        more: &[(&str, &str)],
        flags: &[&str],
    ) -> (i32, Json, String) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        let proxy_or_aws =
            |name: &str| name.starts_with("AWS_") || name.to_ascii_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars().filter(|(name, _)| proxy_or_aws(name)) {
            command.env_remove(name);
        }
        let output = command
            .current_dir(folder.path())
            .envs(self.emulator.environment("111122223333", "us-east-1"))
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_ENDPOINT_URL", "https://v2.apigateway.test")
            .env(
                "HTTPS_PROXY",
                format!("http://auditor:{password}@{}", self.proxy),
            )
            .envs(bundle.map(|path| ("AWS_CA_BUNDLE", path)))
            .envs(more.iter().copied())
            .args([
                "audit",
                "-v",
                "--policy",
                "p.yaml",
                "--rate",
                "0",
                "--report",
                "json=r.json",
                "--report",
                "text",
            ])
            .args(flags)
            .output()
            .unwrap();
        let json = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
        let words = [&output.stdout[..], &output.stderr]
            .map(String::from_utf8_lossy)
            .join("\n")
            + &json;
        (
            output.status.code().unwrap(),
            serde_json::from_str(&json).unwrap(),
            words,
        )
    }

    fn connects(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Takes the TLS off, and hands the contents on.
async fn terminate(listener: TcpListener, behind: String) {
    let chain = CertificateDer::pem_slice_iter(include_bytes!("server.pem"))
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, behind) = (acceptor.clone(), behind.clone());
        tokio::spawn(async move {
            let mut stream = acceptor.accept(stream).await?;
            copy_bidirectional(&mut stream, &mut TcpStream::connect(behind).await?).await
        });
    }
}

/// CONNECT to any host, for any client with the password.
async fn tunnel(
    mut stream: TcpStream,
    server: String,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    asked
        .lock()
        .unwrap()
        .push(head.lines().next().unwrap_or_default().to_owned());
    if !head.contains(AUTHORIZATION) {
        return stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            .await;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut TcpStream::connect(server).await?)
        .await
        .map(drop)
}

#[track_caller]
fn only_gap(result: &Json, code: i32) -> (String, String) {
    gap_of("GetApis", result, code)
}

#[track_caller]
fn gap_of(operation: &str, result: &Json, code: i32) -> (String, String) {
    assert_eq!((code, &result["verdict"]), (3, &"incomplete".into()));
    let [gap] = result["unchecked"].as_array().unwrap().as_slice() else {
        panic!("{}", result["unchecked"])
    };
    assert_eq!(
        (&gap["operation"], &gap["code"]),
        (&operation.into(), &"ConnectionFailure".into())
    );
    (
        gap["hint"].as_str().unwrap().to_owned(),
        gap["message"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn the_proxy_and_the_certificates_of_the_environment_are_used() {
    let world = World::new();
    let (code, result, words) = world.audit(PASSWORD, Some(CA), &[]);
    assert_eq!(
        (code, &result["summary"]["stages"]),
        (0, &2.into()),
        "{words}"
    );
    assert_eq!(
        result["scopes"][0]["account"], "111122223333",
        "STS goes the same way"
    );
    let connects = world.connects();
    assert!(
        !connects.is_empty()
            && connects
                .iter()
                .all(|line| line == "connect v2.apigateway.test:443 http/1.1")
    );
    assert!(!words.contains(PASSWORD), "the password is shown: {words}");
}

#[test]
fn a_certificate_that_nobody_trusts_is_a_gap_about_the_bundle() {
    let world = World::new();
    let (code, result, words) = world.audit(PASSWORD, None, &[]);
    let (hint, message) = only_gap(&result, code);
    assert!(hint.contains("AWS_CA_BUNDLE"), "{hint}");
    assert!(message.contains("UnknownIssuer"), "{message}");
    assert!(!words.contains(PASSWORD), "the password is shown: {words}");
}

#[test]
fn a_proxy_that_lets_nothing_through_is_a_gap_about_the_proxy() {
    let world = World::new();
    let (code, result, words) = world.audit("wr0ng-Pass", Some(CA), &[]);
    let (hint, _) = only_gap(&result, code);
    assert!(
        hint.contains("HTTPS_PROXY") && hint.contains("NO_PROXY"),
        "{hint}"
    );
    assert!(
        !words.contains("wr0ng-Pass"),
        "the password is shown: {words}"
    );

    let dead = format!("http://auditor:{PASSWORD}@127.0.0.1:1");
    let (code, result, words) = world.audit("", Some(CA), &[("HTTPS_PROXY", &dead)]);
    assert!(only_gap(&result, code).0.contains("HTTPS_PROXY"));
    assert!(!words.contains(PASSWORD), "the password is shown: {words}");
}

#[test]
fn who_is_in_no_proxy_is_not_asked_through_it() {
    let world = World::new();
    let (code, result, words) = world.audit(PASSWORD, Some(CA), &[("NO_PROXY", "apigateway.test")]);
    let (hint, message) = only_gap(&result, code);
    assert!(
        hint.contains("DNS") && message.contains("dns error"),
        "{hint} {message}"
    );
    assert_eq!(world.connects(), [""; 0]);
    assert!(!words.contains(PASSWORD), "the password is shown: {words}");
}

#[test]
fn roles_and_organizations_fail_in_the_same_words() {
    let world = World::new();
    for (operation, flags) in [
        ("AssumeRole", &["--accounts", "444455556666"][..]),
        ("ListAccounts", &["--organization"]),
    ] {
        let no_proxy = [("NO_PROXY", "apigateway.test")];
        let (code, result, _) = world.audit_with(PASSWORD, Some(CA), &no_proxy, flags);
        assert!(gap_of(operation, &result, code).0.contains("DNS"));
        let (code, result, _) = world.audit_with("wr0ng-Pass", Some(CA), &[], flags);
        assert!(
            gap_of(operation, &result, code)
                .0
                .contains("HTTPS_PROXY and NO_PROXY")
        );
        let (code, result, _) = world.audit_with(PASSWORD, None, &[], flags);
        assert!(gap_of(operation, &result, code).0.contains("AWS_CA_BUNDLE"));
    }
}
