//! The emulator: a loopback HTTP server that answers the AWS SDK as API Gateway V2, STS, Organizations, Account
//! Management and EC2 do, knows nothing of policies, sources or any other module of driftgate, and verifies no signature.
//!
//! `driftgate demo`, the integration tests and the benchmarks all talk to this one server through the real SDK.
//! A request passes these files in order:
//!
//! ```text
//! server ─► request, signature ─► control_plane ─► throttle ─► fault ─► a service ─► reply, refusal ─► server
//! ```
//!
//! The services are `api_gateway`, `sts`, `organizations` and `regions`; they read the fleet and cut pages with `paging`.
//!
//! [`Settings`] says what the server holds (a [`Fleet`]) and how it misbehaves (a [`Throttle`], [`Fault`]s).

mod api_gateway;
mod arrival;
mod control_plane;
mod deleted;
pub mod document;
mod fault;
mod fleet;
mod generated;
mod organization;
mod organizations;
mod paging;
mod random;
mod refusal;
mod regions;
mod reply;
mod request;
mod sample;
mod server;
mod settings;
mod signature;
mod spoilt;
mod sts;
mod throttle;
#[cfg(test)]
mod wire_tests;

pub use self::arrival::Arrival;
pub use self::fault::{Fault, Target, What, When};
pub use self::fleet::Fleet;
pub use self::organization::{Organization, ROOT, State};
pub use self::regions::BY_DEFAULT as GENERATED_REGIONS;
pub use self::request::Operation;
pub use self::sample::{DEMO_REGIONS, DENIED_API, HOME_ACCOUNT, HOME_REGION};
pub use self::settings::Settings;
pub use self::sts::Roles;
pub use self::throttle::Throttle;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use self::control_plane::ControlPlane;

/// A running control plane on the loopback interface. It stops, and its connections break, when this is dropped.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    control_plane: Arc<ControlPlane>,
    server: AbortHandle,
}

impl Emulator {
    /// Listens on 127.0.0.1 and answers from the current tokio runtime until dropped.
    ///
    /// # Errors
    /// When the port of `settings` cannot be bound.
    pub async fn start(settings: Settings) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let control_plane = Arc::new(ControlPlane::new(settings));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&control_plane))).abort_handle();
        Ok(Emulator { address, control_plane, server })
    }

    /// What `--endpoint-url` or `AWS_ENDPOINT_URL` takes: `http://127.0.0.1:PORT`.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request that has arrived so far, in order, refused and broken ones too; empty when
    /// [`Settings::log_arrivals`] is off.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.control_plane.arrivals()
    }

    /// The environment variables that make driftgate, the AWS CLI or any SDK talk to this server as a user of
    /// `account` in `region`.
    pub fn environment(&self, account: &str, region: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint_url()),
            ("AWS_ACCESS_KEY_ID", signature::access_key_id(account)),
            ("AWS_SECRET_ACCESS_KEY", "demo".to_owned()),
            ("AWS_REGION", region.to_owned()),
            // boto3 and version 1 of the AWS CLI read only this one.
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
