//! The settings of the emulator. It does not know how they are served.

use std::time::Duration;

use crate::emulator::faults::{Effect, Fault, Throttle};
use crate::emulator::fleet::{DENIED_API, DENIED_REGION, Fleet};
use crate::emulator::services::sts::Roles;
use crate::emulator::wire::Operation;

/// The settings of an [`Emulator`](crate::emulator::Emulator).
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The deployed APIs.
    pub fleet: Fleet,
    /// The role that AssumeRole gives.
    pub roles: Roles,
    /// APIs or stages on a page, unless `maxResults` is less.
    pub page_size: usize,
    /// The delay of each answer.
    pub latency: Duration,
    /// The request quota, if there is one.
    pub throttle: Option<Throttle>,
    /// The faults, in order; the first that strikes decides.
    pub faults: Vec<Fault>,
    /// True if arrivals are kept.
    pub log_arrivals: bool,
}

impl Default for Settings {
    /// An empty fleet that answers at once, without quota or faults.
    fn default() -> Settings {
        Settings {
            port: 0,
            fleet: Fleet::new(),
            roles: Roles::default(),
            page_size: 25,
            latency: Duration::ZERO,
            throttle: None,
            faults: Vec::new(),
            log_arrivals: true,
        }
    }
}

impl Settings {
    /// The sample fleet with the obstacles of real accounts: small pages, a denied Region, and an API with denied
    /// stages. The home Region can be read fully.
    pub fn demo() -> Settings {
        Settings {
            fleet: Fleet::sample(),
            page_size: 4,
            faults: vec![
                Fault::on(Operation::GetApis)
                    .region(DENIED_REGION)
                    .always(Effect::Deny),
                Fault::on(Operation::GetStages)
                    .api(DENIED_API)
                    .always(Effect::Deny),
            ],
            ..Settings::default()
        }
    }
}
