//! Items of lists: their pages, and what names them.

use crate::model::Value;
use crate::model::catalogue::{api, stage};

#[derive(Debug)]
pub struct Page {
    pub items: Vec<Value<'static>>,
    /// The token of the next page; `None` on the last.
    pub next: Option<String>,
}

pub fn id_of<'v>(api: &'v Value<'static>) -> Option<&'v str> {
    api.member(api::ID.at).as_text()
}

pub fn protocol_of<'v>(api: &'v Value<'static>) -> Option<&'v str> {
    api.member(api::PROTOCOL.at).as_text()
}

pub fn name_of<'v>(stage: &'v Value<'static>) -> Option<&'v str> {
    stage.member(stage::NAME.at).as_text()
}
