//! Items of lists: their pages, and what names them.

use crate::model::Value;
use crate::model::catalogue::{API, STAGE, position};

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    pub items: Vec<Value<'static>>,
    /// The token of the next page; `None` on the last.
    pub next: Option<String>,
}

/// The identifier of an API.
pub fn id_of<'v>(api: &'v Value<'static>) -> Option<&'v str> {
    api.member(const { position(API, "ApiId") }).as_text()
}

/// The name of a stage.
pub fn name_of<'v>(stage: &'v Value<'static>) -> Option<&'v str> {
    stage.member(const { position(STAGE, "StageName") }).as_text()
}
