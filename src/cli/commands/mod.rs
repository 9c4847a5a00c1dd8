//! The commands: one file each.

pub mod audit;
pub mod demo;
pub mod doctor;
pub mod policy;
pub mod report;
pub mod snapshot;
