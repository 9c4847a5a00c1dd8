//! The parts of a result that several files need.

use std::borrow::Cow;

use serde::Deserialize;

use crate::model::finding::{StageName, WaiverFacts};

/// What the result is called inside itself.
pub const FORMAT: &str = "driftgate.result";
/// The version of the format.
pub const FORMAT_VERSION: u64 = 1;
/// No severity fails.
pub const NEVER: &str = "never";

/// A text, borrowed where the file has it as it is.
#[derive(Deserialize, PartialEq, Eq, Hash)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// A stage as findings name it.
#[derive(Deserialize)]
pub struct Stage<'a> {
    #[serde(borrow)]
    pub account: Option<Text<'a>>,
    pub region: Option<Text<'a>>,
    pub api_id: Option<Text<'a>>,
    pub api_name: Option<Text<'a>>,
    pub protocol: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

impl Stage<'_> {
    /// Account, Region, API id, API name, own name.
    pub fn texts(&self) -> [Option<&str>; 5] {
        [&self.account, &self.region, &self.api_id, &self.api_name, &self.name].map(|text| str_of(text.as_ref()))
    }

    pub fn protocol(&self) -> Option<&str> {
        str_of(self.protocol.as_ref())
    }

    /// Whether it is this one.
    pub fn is(&self, stage: &StageName) -> bool {
        let StageName { place, api, name } = stage;
        let texts = [&place.account, &place.region, &api.id, &api.name, name];
        self.texts() == texts.map(Option::as_deref) && self.protocol() == api.protocol.as_deref()
    }
}

/// The text of one that may be missing.
pub fn str_of<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|text| &*text.0)
}

/// The waiver of a finding.
#[derive(Deserialize, PartialEq, Eq, Hash)]
pub struct WaiverOf {
    pub file: String,
    pub line: usize,
    pub reason: String,
    pub owner: String,
    pub expires: String,
}

impl WaiverOf {
    /// True if it is this one.
    pub fn is(&self, waiver: &WaiverFacts) -> bool {
        let Self { file, line, reason, owner, expires } = self;
        (file, *line, reason, owner, expires)
            == (&waiver.file, waiver.line, &waiver.reason, &waiver.owner, &waiver.expires)
    }
}
