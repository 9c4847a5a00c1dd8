//! The words of other tools, and what is written here instead. Data only; it must not know where a word stood.

use crate::policy::text::diagnostic::plain;

/// Tests as JSON Schema, IAM, CloudFormation, Checkov, Cloud Custodian, Kyverno, Rego and programming languages call
/// them. Case and separators do not matter: `startsWith` is `starts-with`.
pub const TESTS: &[(&str, &[&str])] = &[
    (
        "write the value itself: `AutoDeploy: true`",
        &[
            "equals",
            "equal",
            "eq",
            "is",
            "==",
            "=",
            "===",
            "const",
            "value",
            "string-equals",
            "bool",
            "numeric-equals",
        ],
    ),
    (
        "use `not: VALUE`",
        &[
            "ne",
            "not-equal",
            "not-equals",
            "!=",
            "!",
            "<>",
            "string-not-equals",
            "is-not",
            "isnt",
        ],
    ),
    (
        "write a list: `LoggingLevel: [ERROR, INFO]`",
        &[
            "in",
            "any-in",
            "all-in",
            "enum",
            "one-of",
            "values",
            "within",
            "allowed",
            "allowed-values",
            "contains-any",
        ],
    ),
    (
        "use `not: [VALUE, …]`",
        &[
            "not-in",
            "ni",
            "none-of",
            "any-not-in",
            "all-not-in",
            "not-within",
            "forbidden",
            "denied",
        ],
    ),
    (
        "use `matches: REGEX`",
        &[
            "regex",
            "regexp",
            "re",
            "re-match",
            "regex-match",
            "regex-case",
            "regex-matches",
            "regex-like",
            "pattern",
            "allowed-pattern",
            "=~",
            "~",
        ],
    ),
    (
        "use `matches: REGEX`, or `like: GLOB`",
        &["match", "matching", "format"],
    ),
    (
        "use `not: {matches: REGEX}`",
        &[
            "not-regex",
            "not-regex-match",
            "not-match",
            "not-matches",
            "!~",
        ],
    ),
    (
        "use `like: GLOB`",
        &[
            "glob",
            "wildcard",
            "string-like",
            "arn-like",
            "string-matches",
        ],
    ),
    ("use `not: {like: GLOB}`", &["not-like", "string-not-like"]),
    (
        "use `like: \"TEXT*\"`",
        &[
            "starts-with",
            "starting-with",
            "begins-with",
            "prefix",
            "has-prefix",
        ],
    ),
    (
        "use `like: \"*TEXT\"`",
        &["ends-with", "ending-with", "suffix", "has-suffix"],
    ),
    (
        "use `contains: VALUE`",
        &[
            "includes",
            "include",
            "has",
            "containing",
            "intersect",
            "contains-all",
        ],
    ),
    (
        "use `not: {contains: VALUE}`",
        &[
            "not-contains",
            "not-containing",
            "excludes",
            "does-not-contain",
        ],
    ),
    (
        "use `present: true`, or `present: false`",
        &[
            "exists",
            "exist",
            "existence",
            "defined",
            "set",
            "null",
            "is-null",
            "nullable",
        ],
    ),
    (
        "use `present: true`; for tags a list of keys: `Tags: [owner]`",
        &["required", "keys", "has-keys"],
    ),
    (
        "use `present: true`",
        &[
            "not-empty",
            "non-empty",
            "is-not-empty",
            "not-null",
            "is-set",
            "is-defined",
            "enabled",
            "min-length",
            "min-items",
            "one-exists",
        ],
    ),
    (
        "use `present: false`",
        &[
            "absent",
            "empty",
            "is-empty",
            "not-exists",
            "does-not-exist",
            "not-set",
            "unset",
            "disabled",
            "missing",
        ],
    ),
    (
        "use `min: NUMBER`",
        &[
            "minimum",
            "gte",
            "ge",
            ">=",
            "at-least",
            "greater-than-or-equal",
            "greater-than-or-equals",
            "numeric-greater-than-equals",
            "from",
        ],
    ),
    (
        "use `max: NUMBER`",
        &[
            "maximum",
            "lte",
            "le",
            "<=",
            "at-most",
            "less-than-or-equal",
            "less-than-or-equals",
            "numeric-less-than-equals",
            "to",
        ],
    ),
    (
        "use `above: NUMBER`",
        &[
            "gt",
            ">",
            "greater-than",
            "greater",
            "more-than",
            "over",
            "exclusive-minimum",
            "numeric-greater-than",
        ],
    ),
    (
        "use `below: NUMBER`",
        &[
            "lt",
            "<",
            "less-than",
            "less",
            "under",
            "exclusive-maximum",
            "numeric-less-than",
        ],
    ),
    ("use `min: NUMBER` and `max: NUMBER`", &["range", "between"]),
    (
        "use `each: PATTERN` for the elements of a list; the members of a mapping must all hold anyway",
        &["all", "items", "every", "for-all", "elements"],
    ),
    (
        "write the tests beside each other: all of them must hold",
        &["all-of", "and", "must"],
    ),
    (
        "use `any-of: [PATTERN, …]`",
        &["or", "any", "either", "some"],
    ),
    (
        "the catalogue knows the type; leave it out",
        &["type", "value-type", "kind"],
    ),
    (
        "the test is the key, and what it takes the value: `ThrottlingBurstLimit: {max: 500}`",
        &["op", "operator", "comparison"],
    ),
];

/// Keys of policies, rules and tests: where, the key of ours, and what to do.
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
        &["enabled", "disabled", "skip"],
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

/// Our words for another tool's test.
#[must_use]
pub fn test(word: &str) -> Option<&'static str> {
    TESTS
        .iter()
        .find(|(_, theirs)| is_one_of(word, theirs))
        .map(|(ours, _)| *ours)
}

/// Our words for another tool's test where keys are free: only for words that no one uses for a tag.
#[must_use]
pub fn test_at_a_map(word: &str) -> Option<&'static str> {
    const NO_TAGS: &[&str] = &[
        "required",
        "has-keys",
        "exists",
        "exist",
        "absent",
        "is-empty",
        "not-empty",
        "all-of",
        "one-of",
        "none-of",
        "any-in",
        "all-in",
        "not-in",
        "contains-any",
        "contains-all",
    ];
    test(word).filter(|_| is_one_of(word, NO_TAGS))
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

fn is_one_of(word: &str, theirs: &[&str]) -> bool {
    let plainly = plain(word);
    theirs
        .iter()
        .any(|known| *known == word || (!plainly.is_empty() && plain(known) == plainly))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::language::operators::OPERATORS;

    #[test]
    fn no_foreign_word_is_one_of_ours_and_none_stands_twice() {
        let all: Vec<&str> = TESTS
            .iter()
            .flat_map(|(_, theirs)| theirs.iter().copied())
            .collect();
        for (at, word) in all.iter().enumerate() {
            assert!(
                OPERATORS.iter().all(|operator| operator.name != *word),
                "{word}"
            );
            assert!(!["not", "any-of"].contains(word), "{word}");
            assert!(!all[at + 1..].contains(word), "{word} is there twice");
        }
    }

    #[test]
    fn case_and_separators_do_not_matter() {
        for word in [
            "starts-with",
            "startsWith",
            "StartsWith",
            "starts_with",
            "startswith",
        ] {
            assert_eq!(test(word), Some("use `like: \"TEXT*\"`"), "{word}");
        }
        assert_eq!(test(">="), Some("use `min: NUMBER`"));
        assert_eq!(test("min"), None);
        assert!(test_at_a_map("required").is_some() && test("type").is_some());
        assert_eq!(test_at_a_map("type"), None, "a tag may be called so");
        assert_eq!(test("?"), None);
        assert_eq!(key("a rule", "apiVersion"), None);
        assert_eq!(
            key("a policy", "apiVersion"),
            Some(("", "a policy has no version; leave it out"))
        );
    }
}
