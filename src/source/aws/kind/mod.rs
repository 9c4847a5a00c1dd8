//! The kinds of APIs, one file each: how they are listed, and how the SDK's types become values of the catalogue.

pub mod item;
pub mod v2;
