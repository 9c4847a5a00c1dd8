//! Where stages come from; every source yields the same state.

pub mod aws;
pub mod saved;
