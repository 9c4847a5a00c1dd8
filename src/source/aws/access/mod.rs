//! The way into AWS: settings and credentials, the accounts, their roles and Regions, and the permissions that an
//! audit needs. It must not know what is read.

pub mod accounts;
pub mod caller;
pub mod clock;
pub mod credentials;
pub mod detached;
pub mod environment;
pub mod error;
pub mod http;
pub mod iam;
pub mod organization;
pub mod regions;
pub mod role;
pub mod session;
pub mod url;
