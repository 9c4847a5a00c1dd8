//! The services of AWS, one file each.

pub mod api_gateway;
pub mod organizations;
pub mod regions;
pub mod sts;
