//! Where stages come from; every source yields the same feed.

pub mod aws;
pub mod saved;
