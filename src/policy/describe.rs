//! The fields in words: for the schema, for `policy explain` and for the reference page.

use crate::model::catalogue::{Field, Kind, OURS, Protocols, STAGE, Unset};

/// A word of the language in use.
#[derive(Debug)]
pub struct Example {
    /// What a rule says, as keys of a YAML mapping in one line.
    pub rule: &'static str,
    /// A stage that conforms, as a test gives it.
    pub passes: &'static str,
    /// A stage that violates the rule.
    pub fails: &'static str,
}

impl Example {
    /// What the rule says, one key a line.
    #[must_use]
    pub fn lines(&self) -> String {
        self.rule.replace("}, expect:", "}\nexpect:")
    }
}

/// A word that is no test of one setting.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it demands, in one sentence.
    pub about: &'static str,
    /// What may stand at its key.
    pub takes: &'static str,
    /// Where it stands.
    pub place: &'static str,
    /// The word in use.
    pub example: Example,
}

/// The words that are no tests of one setting.
pub static WORDS: &[Word] = &[
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
        about: "Patterns one of which holds.",
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
];

/// A field and its place in the document.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its path, such as `api.CorsConfiguration.MaxAge`; below the entries of a map stands the key in capitals.
    pub path: String,
    /// Its row.
    pub field: &'static Field,
    /// The protocols that have it, which are at most those of the field above it.
    pub on: Protocols,
}

/// Every field of the document, parents before their members.
#[must_use]
pub fn places() -> Vec<Place> {
    let mut all = Vec::new();
    for field in STAGE.iter().chain(OURS) {
        below(field.name, field, field.on, &mut all);
    }
    all
}

fn below(path: &str, field: &'static Field, above: Protocols, into: &mut Vec<Place>) {
    let on = if above == Protocols::Both { field.on } else { above };
    into.push(Place { path: path.to_owned(), field, on });
    for member in field.members() {
        below(&format!("{path}.{}", member.name), member, on, into);
    }
    if let Kind::Map(of) = field.kind {
        for member in of.members() {
            below(&format!("{path}.KEY.{}", member.name), member, on, into);
        }
    }
}

impl Place {
    /// Whether AWS has the field; ours are in lower case.
    #[must_use]
    pub fn is_awss(&self) -> bool {
        self.field.name.starts_with(|c: char| c.is_ascii_uppercase())
    }

    /// Where its value comes from.
    #[must_use]
    pub fn source(&self) -> String {
        let call = if self.path.starts_with("api.") || self.path == "api" { "GetApis" } else { "GetStages" };
        if self.is_awss() && !self.path.starts_with("each-route") {
            let mut wire = self.field.name.to_owned();
            wire[..1].make_ascii_lowercase();
            format!("{call}, `{wire}` on the wire")
        } else {
            match self.field.name {
                "api" => "GetApis".to_owned(),
                "account" => "sts:GetCallerIdentity, or the saved source".to_owned(),
                "region" => "the Region that was read".to_owned(),
                "partition" | "arn" => "worked out from the others".to_owned(),
                _ => "GetStages, worked out from `DefaultRouteSettings` and `RouteSettings`".to_owned(),
            }
        }
    }
}

/// What a field is, and what an editor should say of it at once: the protocols, what unset means, and whether it is
/// shown.
#[must_use]
pub fn about(field: &Field) -> String {
    let mut words = vec![field.about.to_owned()];
    words.extend((field.on != Protocols::Both).then(|| format!("{}.", on(field.on))));
    words
        .extend(matches!(field.unset, Unset::False | Unset::Text(_)).then(|| format!("Unset means {}.", unset(field))));
    words.extend(field.sensitive.then(|| "Reports show a digest.".to_owned()));
    words.join(" ")
}

/// Protocols in words.
#[must_use]
pub fn on(protocols: Protocols) -> &'static str {
    match protocols {
        Protocols::Both => "HTTP and WebSocket APIs",
        Protocols::Http => "Only HTTP APIs",
        Protocols::WebSocket => "Only WebSocket APIs",
    }
}

/// What an unset value of a field is taken for.
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
            assert!(paths.contains(&format!("{}.{}", API_FIELD.name, field.name)), "{}", field.name);
        }
    }
}
