//! The tests of other tools, and what each means. Data only; it must not know where a word stood.

use crate::policy::text::aliases::is_one_of;

/// The meaning of a test of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The value is this.
    Equals,
    /// The value is not this.
    NotEquals,
    /// The value is one of these.
    OneOf,
    /// The value is none of these.
    NoneOf,
    /// A regular expression fits.
    Matches,
    /// A regular expression does not fit.
    NotMatches,
    /// A glob fits.
    Like,
    /// A glob does not fit.
    NotLike,
    /// A text begins with this.
    Begins,
    /// A text ends with this.
    Ends,
    /// It is in there.
    Contains,
    /// One of these is in there.
    ContainsAny,
    /// It is not in there.
    NotContains,
    /// There is a value, or is not, as a boolean tells.
    Exists,
    /// These keys are there.
    Keys,
    /// There is a value.
    Present,
    /// There is no value.
    Absent,
    /// At least this number.
    Min,
    /// At most this number.
    Max,
    /// More than this number.
    Above,
    /// Less than this number.
    Below,
    /// Between two numbers.
    Between,
    /// Every element, or every member.
    Each,
    /// Several demands, all of which hold.
    All,
    /// Several demands, one of which holds.
    Any,
    /// The type of the value.
    Type,
    /// The name of a test that is beside it.
    Operator,
}

impl Meaning {
    /// The words of this language for it.
    #[must_use]
    pub const fn ours(self) -> &'static str {
        match self {
            Self::Equals => "write the value itself: `AutoDeploy: true`",
            Self::NotEquals => "use `not: VALUE`",
            Self::OneOf => "write a list: `LoggingLevel: [ERROR, INFO]`",
            Self::NoneOf => "use `not: [VALUE, …]`",
            Self::Matches => "use `matches: REGEX`",
            Self::NotMatches => "use `not: {matches: REGEX}`",
            Self::Like => "use `like: GLOB`",
            Self::NotLike => "use `not: {like: GLOB}`",
            Self::Begins => "use `like: \"TEXT*\"`",
            Self::Ends => "use `like: \"*TEXT\"`",
            Self::Contains => "use `contains: VALUE`; a list of values is all of them",
            Self::ContainsAny => "use `any-of: [{contains: VALUE}, …]`",
            Self::NotContains => "use `not: {contains: VALUE}`",
            Self::Exists => "use `present: true`, or `present: false`",
            Self::Keys => "use `present: true`; for tags a list of keys: `Tags: [owner]`",
            Self::Present => "use `present: true`",
            Self::Absent => "use `present: false`",
            Self::Min => "use `min: NUMBER`",
            Self::Max => "use `max: NUMBER`",
            Self::Above => "use `above: NUMBER`",
            Self::Below => "use `below: NUMBER`",
            Self::Between => "use `min: NUMBER` and `max: NUMBER`",
            Self::Each => {
                "use `each: PATTERN` for the elements of a list; the members of a mapping must all hold anyway"
            }
            Self::All => "write the tests beside each other: all of them must hold",
            Self::Any => "use `any-of: [PATTERN, …]`",
            Self::Type => "the catalogue knows the type; leave it out",
            Self::Operator => {
                "the test is the key, and what it takes the value: `ThrottlingBurstLimit: {max: 500}`"
            }
        }
    }
}

/// Tests as JSON Schema, IAM, CloudFormation, Checkov, Cloud Custodian, Kyverno, Rego and programming languages call
/// them. Case and separators do not matter: `startsWith` is `starts-with`.
pub const TESTS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Equals,
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
        Meaning::NotEquals,
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
        Meaning::OneOf,
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
        ],
    ),
    (
        Meaning::NoneOf,
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
        Meaning::Matches,
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
    (Meaning::Matches, &["match", "matching", "format"]),
    (
        Meaning::NotMatches,
        &[
            "not-regex",
            "not-regex-match",
            "not-match",
            "not-matches",
            "!~",
        ],
    ),
    (
        Meaning::Like,
        &[
            "glob",
            "wildcard",
            "string-like",
            "arn-like",
            "string-matches",
        ],
    ),
    (Meaning::NotLike, &["not-like", "string-not-like"]),
    (
        Meaning::Begins,
        &[
            "starts-with",
            "starting-with",
            "begins-with",
            "prefix",
            "has-prefix",
        ],
    ),
    (
        Meaning::Ends,
        &["ends-with", "ending-with", "suffix", "has-suffix"],
    ),
    (
        Meaning::Contains,
        &["includes", "include", "has", "containing", "contains-all"],
    ),
    (
        Meaning::ContainsAny,
        &["contains-any", "contains-one-of", "intersect"],
    ),
    (
        Meaning::NotContains,
        &[
            "not-contains",
            "not-containing",
            "excludes",
            "does-not-contain",
        ],
    ),
    (
        Meaning::Exists,
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
    (Meaning::Keys, &["required", "keys", "has-keys"]),
    (
        Meaning::Present,
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
        Meaning::Absent,
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
        Meaning::Min,
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
        Meaning::Max,
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
        Meaning::Above,
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
        Meaning::Below,
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
    (Meaning::Between, &["range", "between"]),
    (
        Meaning::Each,
        &["all", "items", "every", "for-all", "elements"],
    ),
    (Meaning::All, &["all-of", "and", "must"]),
    (Meaning::Any, &["or", "any", "either", "some"]),
    (Meaning::Type, &["type", "value-type", "kind"]),
    (Meaning::Operator, &["op", "operator", "comparison"]),
];

/// The meaning of another tool's test.
#[must_use]
pub fn test(word: &str) -> Option<Meaning> {
    TESTS
        .iter()
        .find(|(_, theirs)| is_one_of(word, theirs))
        .map(|(meaning, _)| *meaning)
}

/// The meaning of another tool's test where keys are free: only of words that no one uses for a tag.
#[must_use]
pub fn test_at_a_map(word: &str) -> Option<Meaning> {
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
            assert_eq!(test(word), Some(Meaning::Begins), "{word}");
        }
        assert_eq!(test(">="), Some(Meaning::Min));
        assert_eq!(test("min"), None);
        assert!(test_at_a_map("required").is_some() && test("type").is_some());
        assert_eq!(test_at_a_map("type"), None, "a tag may be called so");
        assert_eq!(test("?"), None);
    }
}
