//! The kinds of APIs, one file each: how they are listed, and how the SDK's types become values of the catalogue.

mod item;
mod v2;

pub use self::item::{Page, id_of, name_of, protocol_of};
pub use self::v2::calls::ControlPlane;
