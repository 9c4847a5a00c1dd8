//! The keys, settings and severities of other tools, and what is written here instead. Data only; it must not know
//! where a word stood.

use crate::policy::text::diagnostic::plain;

/// Keys of policies, rules, tests, waivers and `log-format`: where, the key of ours, and what to do.
const KEYS: &[(&str, &str, &str, &[&str])] = &[
    (
        "a policy",
        "policy",
        "the name of a policy is at `policy`",
        &["name", "id", "title", "kind", "metadata"],
    ),
    (
        "a policy",
        "",
        "a policy has no version; leave it out",
        &["version", "api-version", "schema", "$schema"],
    ),
    (
        "a policy",
        "match",
        "use `match`",
        &[
            "when", "if", "filter", "filters", "scope", "selector", "target", "where", "resource",
        ],
    ),
    (
        "a policy",
        "rules",
        "use `rules`",
        &[
            "checks",
            "policies",
            "controls",
            "statements",
            "spec",
            "expect",
        ],
    ),
    (
        "a policy",
        "",
        "name each file, or their folder, with `--policy`",
        &["include", "includes", "import", "imports", "extends"],
    ),
    (
        "a policy",
        "",
        "waivers are files of their own: `--waivers FILE`",
        &["waivers", "exceptions", "exclude", "ignore"],
    ),
    ("a policy", "", "severity is each rule's own", &["severity"]),
    (
        "a rule",
        "title",
        "use `title`",
        &["name", "summary", "message"],
    ),
    (
        "a rule",
        "why",
        "use `why`",
        &["description", "rationale", "reason", "impact", "risk"],
    ),
    (
        "a rule",
        "fix",
        "use `fix`",
        &[
            "remediation",
            "recommendation",
            "resolution",
            "action",
            "actions",
            "how-to-fix",
        ],
    ),
    (
        "a rule",
        "match",
        "use `match`",
        &[
            "when",
            "if",
            "filter",
            "filters",
            "condition",
            "conditions",
            "scope",
            "selector",
            "target",
            "where",
            "given",
        ],
    ),
    (
        "a rule",
        "match",
        "use `match: {not: PATTERN}`",
        &["unless", "exclude", "except", "ignore", "not"],
    ),
    (
        "a rule",
        "expect",
        "use `expect`",
        &[
            "check",
            "then",
            "require",
            "required",
            "requires",
            "validate",
            "pattern",
            "must",
            "should",
            "settings",
            "each-route",
            "any-of",
        ],
    ),
    (
        "a rule",
        "references",
        "use `references`",
        &["links", "link", "url", "urls", "see", "docs"],
    ),
    (
        "a rule",
        "severity",
        "use `severity`",
        &["level", "priority"],
    ),
    (
        "a rule",
        "",
        "remove the rule, or waive it: `--waivers FILE`",
        &["enabled", "enable", "disabled", "disable", "skip", "off"],
    ),
    (
        "a rule",
        "",
        "a rule takes no parameters: put each value where it is used",
        &["parameters", "params", "variables", "inputs", "args"],
    ),
    (
        "a rule",
        "references",
        "use `references`: a list of texts",
        &[
            "controls",
            "control",
            "compliance",
            "frameworks",
            "standards",
        ],
    ),
    (
        "a rule",
        "",
        "its policy groups a rule; what else it belongs to is a text in `references`",
        &["tags", "labels", "category", "categories", "group", "type"],
    ),
    (
        "a rule",
        "",
        "a rule has no owner; say in `fix` who can help",
        &["owner", "team", "contact"],
    ),
    (
        "a rule",
        "",
        "tests are beside `rules`, in the policy",
        &["tests", "examples"],
    ),
    (
        "a test",
        "given",
        "use `given`",
        &["stage", "input", "resource", "when", "mock"],
    ),
    (
        "a test",
        "violates",
        "use `violates: [RULE, …]`, or `violates: []` for a good stage",
        &[
            "expect",
            "expected",
            "expectations",
            "fails",
            "then",
            "result",
            "conforms",
            "passes",
        ],
    ),
    (
        "a test",
        "name",
        "use `name`",
        &["title", "description", "id"],
    ),
    (
        "a waiver",
        "expires",
        "use `expires`: the last day, as in `expires: 2027-01-31`",
        &[
            "until",
            "expiry",
            "expiration",
            "expires-at",
            "expires-on",
            "valid-until",
            "end",
            "date",
        ],
    ),
    (
        "a waiver",
        "rule",
        "use `rule`: POLICY/ID, or a glob",
        &["rules", "id", "rule-id", "check", "control", "policy"],
    ),
    (
        "a waiver",
        "match",
        "use `match`",
        &[
            "resource",
            "resources",
            "scope",
            "selector",
            "target",
            "where",
            "when",
            "stage",
            "stages",
            "filter",
        ],
    ),
    (
        "a waiver",
        "reason",
        "use `reason`",
        &[
            "why",
            "justification",
            "comment",
            "description",
            "note",
            "because",
        ],
    ),
    (
        "a waiver",
        "",
        "put it into the text of `reason`",
        &[
            "approved-by",
            "approver",
            "approved",
            "ticket",
            "issue",
            "jira",
            "link",
            "url",
            "created",
            "created-by",
        ],
    ),
    (
        "a waiver",
        "owner",
        "use `owner`",
        &["author", "team", "contact", "by"],
    ),
    (
        "`log-format`",
        "is",
        "use `is`",
        &["format", "type", "as", "kind", "style"],
    ),
    (
        "`log-format`",
        "context",
        "use `context`: a list of variables, as in `context: [requestId, status]`",
        &[
            "fields",
            "variables",
            "vars",
            "keys",
            "required",
            "contains",
            "values",
        ],
    ),
];

/// Settings as consoles, other documents and people call them.
const SETTINGS: &[(&str, &[&str])] = &[
    (
        "the settings of the stage are at the top, beside `api`: `StageName: …`",
        &["stage", "stages"],
    ),
    (
        "write `ThrottlingBurstLimit`, or `ThrottlingRateLimit`: each is tested by itself",
        &[
            "throttle",
            "throttling",
            "throttle-settings",
            "limits",
            "quota",
        ],
    ),
    (
        "write `LoggingLevel` (WebSocket), or `AccessLogSettings`",
        &["logging", "logs", "log"],
    ),
    ("write `DetailedMetricsEnabled`", &["metrics"]),
    (
        "write `RouteSettings`, or `each-route` for the settings in force",
        &["routes", "methods", "method-settings"],
    ),
];

/// The setting for a name from elsewhere.
#[must_use]
pub fn setting(word: &str) -> Option<&'static str> {
    SETTINGS
        .iter()
        .find(|(_, theirs)| is_one_of(word, theirs))
        .map(|(ours, _)| *ours)
}

/// Severities of other tools.
const SEVERITIES: &[(&str, &[&str])] = &[
    (
        "critical",
        &["blocker", "fatal", "severe", "emergency", "urgent"],
    ),
    ("high", &["error", "major", "important"]),
    ("medium", &["warning", "warn", "moderate"]),
    ("low", &["minor"]),
    (
        "info",
        &["informational", "notice", "note", "none", "debug"],
    ),
];

/// Our severity for another tool's.
#[must_use]
pub fn severity(word: &str) -> Option<&'static str> {
    SEVERITIES
        .iter()
        .find(|(_, theirs)| is_one_of(word, theirs))
        .map(|(ours, _)| *ours)
}

/// The key of ours for one that another tool, or a person, has in such a mapping (empty when there is none), and what
/// to do.
#[must_use]
pub fn key(of: &str, word: &str) -> Option<(&'static str, &'static str)> {
    let mut found = KEYS
        .iter()
        .filter(|(what, _, _, theirs)| *what == of && is_one_of(word, theirs));
    found.next().map(|(_, ours, help, _)| (*ours, *help))
}

/// True if a word is one of others, whatever its case and separators.
pub fn is_one_of(word: &str, theirs: &[&str]) -> bool {
    let plainly = plain(word);
    theirs
        .iter()
        .any(|known| *known == word || (!plainly.is_empty() && plain(known) == plainly))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_separators_do_not_matter() {
        assert_eq!(key("a rule", "apiVersion"), None);
        assert_eq!(
            key("a policy", "apiVersion"),
            Some(("", "a policy has no version; leave it out"))
        );
    }
}
