//! Findings, as data: no words that a report could choose otherwise. Kept small, since a fleet may have hundreds of
//! thousands.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::digest;
use super::document;
use super::path::Path;
use super::state::{Warning, WarningKind};

/// The name of a stage, shared by everything that is found on it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct StageName {
    /// Its account and Region.
    pub place: Arc<RegionName>,
    /// Its API.
    pub api: Arc<ApiName>,
    /// Its own name; `None` only in a policy's tests.
    pub name: Option<Arc<str>>,
}

/// An account and a Region, shared by the names of its stages.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionName {
    /// The account; `None` when it is not stated.
    pub account: Option<Box<str>>,
    /// The Region; `None` when it is not stated.
    pub region: Option<Box<str>>,
}

/// An API as reports show it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ApiName {
    /// The identifier; `None` when it is not stated.
    pub id: Option<Box<str>>,
    /// The name.
    pub name: Option<Box<str>>,
    /// The protocol, as AWS writes it; only one that this version does not know takes memory.
    pub protocol: Option<Cow<'static, str>>,
}

impl StageName {
    /// The order of every report: account, Region, API, stage, by bytes.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        if std::ptr::eq(self, other) {
            return Ordering::Equal;
        }
        let place = || {
            if Arc::ptr_eq(&self.place, &other.place) {
                Ordering::Equal
            } else {
                self.place.cmp(&other.place)
            }
        };
        let api = || {
            if Arc::ptr_eq(&self.api, &other.api) {
                Ordering::Equal
            } else {
                self.api.id.cmp(&other.api.id)
            }
        };
        place()
            .then_with(api)
            .then_with(|| self.name.cmp(&other.name))
    }

    /// The ARN of the stage.
    #[must_use]
    pub fn arn(&self) -> Option<String> {
        document::arn(
            self.place.region.as_deref(),
            self.api.id.as_deref(),
            self.name.as_deref(),
        )
    }
}

/// A setting that is not as a rule demands.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The rule, as its place among the rules of the audit.
    pub rule: u32,
    /// The origin of the value.
    pub origin: Origin,
    /// The only reading of a partial route entry under which it fails; `None` if it fails under both.
    pub reading: Option<Reading>,
    /// The waiver that covered it until it expired, as its place among the waivers of the audit.
    pub expired: Option<u32>,
    /// The stage.
    pub stage: Arc<StageName>,
    /// The route, for a setting of one route.
    pub route: Option<Arc<str>>,
    /// The setting; `None` for the document as a whole.
    pub path: Option<Arc<Path>>,
    /// The demand, in words: every test that failed.
    pub expected: Arc<str>,
    /// The value found.
    pub actual: Actual,
}

impl Violation {
    /// The path of the setting as results show it.
    #[must_use]
    pub fn path_text(&self) -> Option<&str> {
        self.path.as_deref().map(Path::text)
    }

    /// The order of violations of one severity: by stage, route, rule and path.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.stage
            .order(&other.stage)
            .then_with(|| self.order_on_a_stage(other))
    }

    /// The same where the stage is known to be one.
    #[must_use]
    pub fn order_on_a_stage(&self, other: &Self) -> Ordering {
        let route = || self.route.cmp(&other.route);
        route()
            .then_with(|| self.rule.cmp(&other.rule))
            .then_with(|| self.path.cmp(&other.path))
    }
}

/// The origin of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An entry of `RouteSettings`.
    Route,
    /// The stage, its default route settings too.
    Stage,
    /// The API.
    Api,
    /// Nowhere: it is unset, and that means something.
    Implied,
    /// Nowhere: it is unset.
    Unset,
}

impl Origin {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Stage => "stage",
            Self::Api => "api",
            Self::Implied => "implied",
            Self::Unset => "unset",
        }
    }
}

/// A reading of a partial entry of `RouteSettings`: AWS does not document the values of members that it leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// They come from the stage default.
    Inherit,
    /// They are unset: the entry replaces the default.
    Replace,
}

impl Reading {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Inherit => Self::Replace,
            Self::Replace => Self::Inherit,
        }
    }

    /// Its name in results and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Replace => "replace",
        }
    }
}

/// A value as it was found; a stage variable's is a digest already.
#[derive(Debug, Clone, PartialEq)]
pub enum Actual {
    /// None.
    Unset,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number that may have a fraction.
    Number(f64),
    /// A text.
    Text(Box<str>),
    /// A struct, map or list, as JSON.
    Json(Box<str>),
}

/// A violation that a waiver tolerates.
#[derive(Debug, Clone)]
pub struct Waived {
    /// The violation.
    pub violation: Violation,
    /// The waiver, as its place among the waivers of the audit.
    pub waiver: u32,
}

/// A waiver as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverFacts {
    /// The rules that it is about, as it names them.
    pub rule: String,
    /// The reason for it.
    pub reason: String,
    /// Its owner.
    pub owner: String,
    /// The last day on which it holds, in UTC: `2027-01-31`.
    pub expires: String,
    /// The file that holds it.
    pub file: String,
    /// The line of it.
    pub line: usize,
}

impl WaiverFacts {
    /// A warning that is about it.
    #[must_use]
    pub fn warning(&self, kind: WarningKind, what: &str) -> Warning {
        Warning::new(
            kind,
            format!(
                "the waiver of {} ({}:{}) {what}",
                self.rule, self.file, self.line
            ),
        )
    }

    /// The warning that it has expired, and that so many violations which it covered fail again.
    #[must_use]
    pub fn expired(&self, again: u64) -> Warning {
        let what = match again {
            0 => format!("expired on {}; remove it", self.expires),
            1 => format!(
                "expired on {}: 1 violation it covered fails again",
                self.expires
            ),
            _ => format!(
                "expired on {}: {again} violations it covered fail again",
                self.expires
            ),
        };
        self.warning(
            WarningKind::WaiverExpired,
            &format!("{what}; owner: {}", self.owner),
        )
    }
}

/// A question that keeps a rule undecided on a stage.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// The rule, as its place among the rules of the audit.
    pub rule: u32,
    /// The stage.
    pub stage: Arc<StageName>,
    /// The route, for a setting of one route.
    pub route: Option<Arc<str>>,
    /// The setting.
    pub path: Option<Arc<str>>,
    /// The reason.
    pub reason: Arc<str>,
}

/// The rule as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    /// `policy/id`.
    pub name: String,
    /// The demand, in a line.
    pub title: String,
    /// The severity of its violations.
    pub severity: super::Severity,
    /// The reason for the demand.
    pub why: Option<String>,
    /// The fix of a violation.
    pub fix: Option<String>,
    /// The documents that the rule comes from.
    pub references: Vec<String>,
    /// The file that holds the rule.
    pub file: String,
    /// The line of the rule.
    pub line: usize,
    /// The changes of flags and the run file.
    pub tuned: Option<Tuned>,
}

impl RuleFacts {
    /// Notes the replaced values that the rule depends on.
    pub fn note_replaced(&mut self, values: Vec<String>) {
        if !values.is_empty() {
            let tuned = Tuned::of(self.severity);
            self.tuned = Some(Tuned { values, ..tuned });
        }
    }

    /// True if the rule is off: it is listed, and checks nothing.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(&self.tuned, Some(tuned) if tuned.setting == Some(Setting::Off))
    }
}

/// The policy as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFacts {
    /// Its name.
    pub name: String,
    /// The file or pack that holds it.
    pub file: String,
    /// The reason for which it was read.
    pub why: String,
    /// The pack that it replaces.
    pub replaces: Option<String>,
    /// Number of its rules, without those that are off.
    pub rules: usize,
    /// Number of stages that its rules governed.
    pub stages: u64,
}

/// The changes of a rule by flags or the run file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuned {
    /// The severity in the policy.
    pub written: super::Severity,
    /// The setting in its place.
    pub setting: Option<Setting>,
    /// The values that the rule depends on and that were replaced, as `POLICY/NAME=VALUE`.
    pub values: Vec<String>,
}

impl Tuned {
    /// No changes of a rule with this severity.
    #[must_use]
    pub const fn of(written: super::Severity) -> Self {
        Self {
            written,
            setting: None,
            values: Vec::new(),
        }
    }
}

/// The setting of a rule by a flag or the run file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The rule is not checked.
    Off,
    /// The severity of its violations.
    Severity(super::Severity),
}

impl Setting {
    /// Its name in flags, run files and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Severity(severity) => severity.name(),
        }
    }

    /// The setting of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "off" => Some(Self::Off),
            _ => super::Severity::from_name(name).map(Self::Severity),
        }
    }
}

/// A stable name for a violation: the same as long as rule, stage, route and setting are.
#[must_use]
pub fn fingerprint(
    rule: &str,
    stage: &StageName,
    route: Option<&str>,
    path: Option<&str>,
) -> [u8; 16] {
    fn part(part: Option<&str>) -> [&str; 2] {
        part.map_or(["\0-", ""], |part| ["\0=", part])
    }
    let parts = [
        ["", rule],
        part(stage.place.account.as_deref()),
        part(stage.place.region.as_deref()),
        part(stage.api.id.as_deref()),
        part(stage.name.as_deref()),
        part(route),
        part(path),
    ];
    let digest = digest::sha256(parts.as_flattened());
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_small() {
        // The fleet's findings are all that stays in memory.
        assert!(size_of::<Violation>() <= 96, "{}", size_of::<Violation>());
    }

    #[test]
    fn a_fingerprint_tells_null_from_a_text() {
        let stage = StageName {
            place: Arc::new(RegionName {
                account: Some("1".into()),
                region: None,
            }),
            api: Arc::new(ApiName {
                id: Some("a".into()),
                name: None,
                protocol: None,
            }),
            name: Some("prod".into()),
        };
        let all = [
            fingerprint("p/r", &stage, None, None),
            fingerprint("p/r", &stage, Some(""), None),
            fingerprint("p/r", &stage, None, Some("")),
            fingerprint("p/r", &stage, Some("-"), None),
            fingerprint("p/s", &stage, None, None),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }
}
