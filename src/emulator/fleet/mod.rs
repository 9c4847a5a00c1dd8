//! Fleets, made by hand or generated. It does not know requests.

mod deployed;
pub mod document;
mod generated;
mod organization;
mod regions;
mod sample;

pub use self::deployed::{Api, Fleet};
pub use self::organization::{Member, Organization, ROOT, State, Unit};
pub use self::regions::{BY_DEFAULT, OptIn, of_partition};
pub use self::sample::{DEMO_REGIONS, DENIED_API, DENIED_REGION, HOME_ACCOUNT, HOME_REGION};
