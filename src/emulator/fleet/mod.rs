//! Fleets, made by hand or generated. It does not know requests.

pub mod deployed;
pub mod document;
pub mod generated;
pub mod organization;
pub mod regions;
pub mod sample;
