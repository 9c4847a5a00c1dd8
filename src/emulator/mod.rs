//! The emulator: a loopback HTTP server that answers the AWS SDK as API Gateway V2, STS, Organizations, Account
//! Management and EC2 do, knows nothing of policies, sources or any other module of driftgate, and verifies no signature.
//!
//! `driftgate demo`, the integration tests and the benchmarks all talk to this one server through the real SDK.
//! A request passes these files in order:
//!
//! ```text
//! server/connection ─► wire ─► server/control_plane ─► faults ─► services ─► wire ─► server/connection
//! ```
//!
//! The services read the fleet; `wire` has the forms of requests and answers, errors and pages included.
//!
//! [`Settings`] has the server's [`Fleet`], its [`Throttle`] and its [`Fault`]s.

mod faults;
mod fleet;
mod random;
mod server;
mod services;
mod settings;
mod wire;

pub use self::faults::{Effect, Fault, Target, Throttle, When};
pub use self::fleet::{
    BY_DEFAULT as GENERATED_REGIONS, DEMO_REGIONS, DENIED_API, Fleet, HOME_ACCOUNT, HOME_REGION,
    Organization, ROOT, State, document,
};
pub use self::server::arrival::Arrival;
pub use self::services::sts::Roles;
pub use self::settings::Settings;
pub use self::wire::Operation;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use self::server::connection::serve;
use self::server::control_plane::ControlPlane;
use self::wire::signature;

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
        let server = tokio::spawn(serve(listener, Arc::clone(&control_plane))).abort_handle();
        Ok(Emulator {
            address,
            control_plane,
            server,
        })
    }

    /// The value for `--endpoint-url` or `AWS_ENDPOINT_URL`: `http://127.0.0.1:PORT`.
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
