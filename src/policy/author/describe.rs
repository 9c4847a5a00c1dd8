//! The words of the language and the fields of the document, described: for the schema, for `policy explain`, for people.

use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{Field, Kind, OURS, STAGE, Unset, stage};
use crate::model::protocol::Protocols;
use crate::policy::language::operator::Example;
use crate::policy::text::scalar::written;

/// The value of a word in a rule.
#[must_use]
pub fn sample(word: &str, rule: &str) -> Option<serde_json::Value> {
    fn find(word: &str, within: &serde_json::Value) -> Option<serde_json::Value> {
        let members = within.as_object()?;
        members
            .get(word)
            .cloned()
            .or_else(|| members.values().find_map(|below| find(word, below)))
    }
    find(word, &serde_yaml::from_str(&format!("{{{rule}}}")).ok()?)
}

/// YAML written in one line, one key a line.
#[must_use]
pub fn block(yaml: &str) -> String {
    let written = |value: &serde_yaml::Value| serde_yaml::to_string(value).ok();
    serde_yaml::from_str(yaml)
        .ok()
        .as_ref()
        .and_then(written)
        .unwrap_or_else(|| yaml.to_owned())
}

/// A word that is not a test of one setting.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// The demand, in one sentence.
    pub about: &'static str,
    /// The values that its key takes.
    pub takes: &'static str,
    /// The places where it is allowed.
    pub place: &'static str,
    /// The word in use.
    pub example: Example,
}

/// The words that are no tests of one setting.
pub static WORDS: &[Word] = &[
    Word {
        name: "match",
        about: "Which stages a policy, a rule or a waiver is about: those on which the pattern holds. Left out, all of them.",
        takes: "a pattern for a stage",
        place: "in a policy, in a rule, and in a waiver, which needs it",
        example: Example {
            rule: "match: {StageName: {like: \"prod*\"}}, expect: {AutoDeploy: false}",
            passes: "{StageName: prod-eu, AutoDeploy: false}",
            fails: "{StageName: prod-eu, AutoDeploy: true}",
        },
    },
    Word {
        name: "expect",
        about: "What must hold of each stage that the rule is about.",
        takes: "a pattern for a stage",
        place: "in a rule",
        example: Example {
            rule: "expect: {AutoDeploy: false, Tags: [owner]}",
            passes: "{AutoDeploy: false, Tags: {owner: shop}}",
            fails: "{AutoDeploy: false}",
        },
    },
    Word {
        name: "not",
        about: "A pattern that does not hold; under a list, none of the patterns does.",
        takes: "a pattern, or a list of patterns",
        place: "at every level",
        example: Example {
            rule: "expect: {Description: {not: [todo, test]}}",
            passes: "{Description: checkout}",
            fails: "{Description: todo}",
        },
    },
    Word {
        name: "any-of",
        about: "Patterns, at least one of which must hold.",
        takes: "a list of patterns",
        place: "at every level",
        example: Example {
            rule: "expect: {any-of: [{AutoDeploy: false}, {Tags: {tier: sandbox}}]}",
            passes: "{AutoDeploy: true, Tags: {tier: sandbox}}",
            fails: "{AutoDeploy: true}",
        },
    },
    Word {
        name: "each-route",
        about: "The settings in force for each route: the stage default, and each entry of `RouteSettings` over it.",
        takes: "a pattern for route settings",
        place: "at the top of `expect`, and of `accept` in a waiver",
        example: Example {
            rule: "expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
            passes: "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}}",
            fails: "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: {GET /x: {ThrottlingBurstLimit: 900}}}",
        },
    },
    Word {
        name: "in-force",
        about: "The settings in force for routes that are named, each with an entry of `RouteSettings` or without.",
        takes: "a mapping of route keys, each with a pattern for route settings",
        place: "at the top of `expect`, and of `accept` in a waiver",
        example: Example {
            rule: "expect: {in-force: {POST /login: {ThrottlingRateLimit: {max: 10}}}}",
            passes: "{DefaultRouteSettings: {ThrottlingRateLimit: 100}, RouteSettings: {POST /login: {ThrottlingRateLimit: 5}}}",
            fails: "{DefaultRouteSettings: {ThrottlingRateLimit: 100}}",
        },
    },
    Word {
        name: "route",
        about: "The key of the route that is looked at, unset for the stage default: which routes a rule is about.",
        takes: "a pattern for text",
        place: "in the `match` of a rule that expects nothing but `each-route`, and of a waiver",
        example: Example {
            rule: "match: {route: {not: GET /health}}, expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
            passes: "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: {GET /health: {ThrottlingBurstLimit: 900}}}",
            fails: "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: {GET /x: {ThrottlingBurstLimit: 900}}}",
        },
    },
    Word {
        name: "assert",
        about: "An expression in CEL over the same document, for what patterns cannot say.",
        takes: "a text that is true or false on a stage: `stage`, `api`, `each_route`, `account`, `region`, …",
        place: "in a rule, beside `expect` or instead of it",
        example: Example {
            rule: "assert: \"stage.StageName != 'prod' || !stage.AutoDeploy\"",
            passes: "{StageName: dev, AutoDeploy: true}",
            fails: "{StageName: prod, AutoDeploy: true}",
        },
    },
];

/// The other keys that files have, and what each is: no rule shows them.
pub const KEYS: [(&str, &str); 5] = [
    (
        "accept",
        "a key of a waiver: what is tolerated, written as under `expect`; only what it names and fits is waived",
    ),
    (
        "replaces",
        "a key of a policy that is a copy of a pack: `replaces: builtin:NAME`; the copy is used instead of the pack",
    ),
    (
        "values",
        "a key of a policy: names for texts, numbers, lists and patterns; `${values.NAME}` stands for one, and \
         `--set POLICY/NAME=VALUE` replaces it for a run",
    ),
    (
        "tests",
        "a key of a policy: stages, and which rules each of them violates; `driftgate policy test` runs them",
    ),
    (
        "waivers",
        "the key of a file of waivers: which violations are tolerated, and until when",
    ),
];

/// A field and its place in the document.
#[derive(Clone, Debug)]
pub struct FieldPlace {
    /// Its path, such as `api.CorsConfiguration.MaxAge`; the key of a map's entry is written `KEY`.
    pub path: String,
    /// Its row.
    pub field: &'static Field,
    /// The protocols that have it, which are at most those of the field above it.
    pub on: Protocols,
}

/// Every field of the document, parents before their members.
#[must_use]
pub fn places() -> Vec<FieldPlace> {
    let mut all = Vec::new();
    for field in STAGE.iter().chain(OURS) {
        below(field.name, field, field.on, &mut all);
    }
    all
}

fn below(path: &str, field: &'static Field, above: Protocols, into: &mut Vec<FieldPlace>) {
    let on = above.and(field.on);
    into.push(FieldPlace {
        path: path.to_owned(),
        field,
        on,
    });
    for member in field.members() {
        below(&format!("{path}.{}", member.name), member, on, into);
    }
    if let Kind::Map(of) = field.kind {
        below(&format!("{path}.KEY"), of, on, into);
    }
}

impl FieldPlace {
    /// The origin of its value.
    #[must_use]
    pub fn source(&self) -> String {
        let wire = |path: &str| {
            let lower = |name: &str| match name {
                "KEY" => name.to_owned(),
                _ => name[..1].to_ascii_lowercase() + &name[1..],
            };
            path.split('.').map(lower).collect::<Vec<_>>().join(".")
        };
        match self.path.split_once('.').unwrap_or((&self.path, "")) {
            ("account", _) => "the credentials, or the saved source".to_owned(),
            ("region", _) => "the Region that was read".to_owned(),
            ("partition" | "arn", _) => "worked out from Region, API and stage".to_owned(),
            ("route", _) => "the keys of `RouteSettings`".to_owned(),
            ("each-route", _) => {
                "`DefaultRouteSettings`, and each entry of `RouteSettings` over it".to_owned()
            }
            ("api", "") => "GetApis".to_owned(),
            ("api", path) => format!("GetApis, `{}` on the wire", wire(path)),
            _ => format!("GetStages, `{}` on the wire", wire(&self.path)),
        }
    }

    /// Its path without the keys of maps, as rules say what they read.
    #[must_use]
    pub fn read_as(&self) -> String {
        self.path.replace(".KEY", "")
    }

    /// A rule about the field, with a stage that conforms and one that does not; `None` where tests cannot give it.
    #[must_use]
    pub fn example(&self) -> Option<[String; 3]> {
        if ["partition", "arn", "route"].contains(&self.path.as_str()) {
            return None;
        }
        let texts = match (self.field.kind, self.field.form) {
            (Kind::Text, Some(form)) => Some(form.examples.map(written)),
            _ => None,
        };
        let (pattern, passes, fails) = match self.field.kind {
            Kind::Boolean => ("true", "true", "false"),
            Kind::Integer | Kind::Number => ("{min: 1}", "1", "0"),
            Kind::OneOf([one, other, ..]) => (*one, *one, *other),
            Kind::Text | Kind::OneOf(_) => match &texts {
                Some([one, other]) => (&**one, &**one, &**other),
                None => ("{like: \"x*\"}", "x1", "other"),
            },
            Kind::Map(of) if of.members().is_empty() => ("[x]", "{x: y}", "{}"),
            Kind::Map(_) => ("[x]", "{x: {ThrottlingBurstLimit: 1}}", "{}"),
            Kind::List(_) => ("{contains: x}", "[x]", "[]"),
            Kind::Struct(members) => {
                let field = members.iter().find(|member| member.on == Protocols::ALL)?;
                let member = Self {
                    path: format!("{}.{}", self.path, field.name),
                    field,
                    on: self.on,
                };
                return member.example();
            }
        };
        // The settings of every route are given as the stage default.
        let given = self
            .path
            .replace(EACH_ROUTE.name, stage::DEFAULT_ROUTE.name);
        let nested = |path: &str, inner: &str| {
            path.rsplit('.').fold(inner.to_owned(), |inner, name| {
                format!("{{{name}: {inner}}}")
            })
        };
        Some([
            nested(&self.path, pattern),
            nested(&given, passes),
            nested(&given, fails),
        ])
    }
}

/// The description of a field for an editor: its purpose, the protocols, the meaning of unset, and whether it is
/// shown.
#[must_use]
pub fn about(field: &Field) -> String {
    let mut words = vec![field.about.to_owned()];
    words.extend((field.on != Protocols::ALL).then(|| format!("Only for {}.", field.on.words())));
    words.extend(
        matches!(field.unset, Unset::False | Unset::Text(_))
            .then(|| format!("Unset means {}.", unset(field))),
    );
    words.extend(field.sensitive.then(|| "Reports show a digest.".to_owned()));
    words.join(" ")
}

/// The meaning of an unset value of a field.
#[must_use]
pub fn unset(field: &Field) -> String {
    match field.unset {
        Unset::Nothing => "not set".to_owned(),
        Unset::False => "false".to_owned(),
        Unset::Text(text) => text.to_owned(),
        Unset::Empty => "empty".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{API, API_FIELD};

    #[test]
    fn every_row_has_a_place() {
        let paths: Vec<String> = places().into_iter().map(|place| place.path).collect();
        for path in [
            "StageName",
            "DefaultRouteSettings.LoggingLevel",
            "RouteSettings.KEY.ThrottlingRateLimit",
            "api.CorsConfiguration.AllowOrigins",
            "each-route.LoggingLevel",
            "account",
        ] {
            assert!(paths.iter().any(|known| known == path), "{path}");
        }
        for field in API {
            assert!(
                paths.contains(&format!("{}.{}", API_FIELD.name, field.name)),
                "{}",
                field.name
            );
        }
    }
}
