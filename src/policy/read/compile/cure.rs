//! Cures for the words of other tools, and for words of the language where keys are free: what to write instead, by the
//! type of the field and with the values that are there.
//!
//! `` write `CODE` `` in a help is a promise: CODE loads where the mistake is. `tests/diagnostics.rs` tries each.

use crate::model::catalogue::{API, Field, Kind, Unset};
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::foreign::Meaning;
use crate::policy::text::scalar::written;
use crate::policy::text::yaml::{Data, Node};

/// The form to write in place of a pattern that demands nothing.
pub const NO_VALUE: &str = "to demand that there is no value, write `{present: false}`";

/// The help for a test of another tool at a field; `None` where the language has no test for it there.
pub fn instead(
    meaning: Meaning,
    field: &Field,
    called: &str,
    value: &Node,
    problems: &Problems,
) -> Option<String> {
    let values = LiteralValues::of(value, field, problems);
    let codes = match (meaning, field.kind) {
        (Meaning::Exists | Meaning::Keys | Meaning::Present | Meaning::Absent, _) => {
            presence(meaning, field, called)
        }
        (_, Kind::Struct(_) | Kind::Map(_)) => Vec::new(),
        (_, Kind::List(_)) => at_a_list(meaning, &values),
        _ => at_a_scalar(meaning, field, called, &values),
    };
    match meaning {
        Meaning::All | Meaning::Type | Meaning::Operator => Some(meaning.ours().to_owned()),
        _ => (!codes.is_empty()).then(|| write(&codes)),
    }
}

/// The help for a missing value: the demand that there is none, or what an unset value means.
pub fn no_value(field: &Field, called: &str) -> String {
    if field.has_default() {
        write(&presence(Meaning::Exists, field, called))
    } else {
        NO_VALUE.to_owned()
    }
}

fn write(codes: &[String]) -> String {
    let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    format!("write {}", codes.join(", or "))
}

/// The values under a word, each as it is written where the field is.
struct LiteralValues {
    each: Vec<String>,
    /// True if they are in a list.
    in_list: bool,
    /// The whole, if it is on one line.
    whole: Option<String>,
}

impl LiteralValues {
    fn of(node: &Node, field: &Field, problems: &Problems) -> Self {
        let nodes = match &node.data {
            Data::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let each: Option<Vec<String>> = nodes
            .iter()
            .map(|node| scalar(node, field.kind, problems))
            .collect();
        let text = problems.written(&node.span);
        let is_flow = [('{', '}'), ('[', ']')]
            .iter()
            .any(|(open, close)| text.starts_with(*open) && text.ends_with(*close));
        Self {
            each: each.unwrap_or_default(),
            in_list: matches!(node.data, Data::List(_)),
            whole: is_flow.then(|| text.to_owned()),
        }
    }

    fn list(&self) -> String {
        format!("[{}]", self.each.join(", "))
    }

    /// The one value, or the list of them.
    fn one_or_list(&self) -> String {
        match self.each.as_slice() {
            [one] if !self.in_list => one.clone(),
            _ => self.list(),
        }
    }

    /// A test of each value, in a list.
    fn tests(&self, name: &str) -> String {
        let tests: Vec<String> = self
            .each
            .iter()
            .map(|value| format!("{{{name}: {value}}}"))
            .collect();
        format!("[{}]", tests.join(", "))
    }
}

/// A value as it is written at a field of this kind; `None` for one that cannot be there.
fn scalar(node: &Node, kind: Kind, problems: &Problems) -> Option<String> {
    let text = problems.written(&node.span);
    match (&node.data, kind) {
        (Data::Text(text), Kind::Text | Kind::List(_) | Kind::Map(_)) if !text.is_empty() => {
            Some(written(text))
        }
        (
            Data::Boolean(_) | Data::Integer(_) | Data::Number(_),
            Kind::Text | Kind::List(_) | Kind::Map(_),
        ) => Some(format!("\"{text}\"")),
        (Data::Integer(_), Kind::Integer | Kind::Number) | (Data::Number(_), Kind::Number) => {
            Some(text.to_owned())
        }
        (Data::Text(text), Kind::Integer) => text.parse::<i64>().ok().map(|it| it.to_string()),
        (Data::Text(text), Kind::Number) => {
            let number = text.parse::<f64>().ok()?;
            number.is_finite().then(|| number.to_string())
        }
        (Data::Boolean(boolean), Kind::Boolean) => Some(boolean.to_string()),
        (Data::Text(text), Kind::OneOf(names)) => {
            names.contains(&text.as_str()).then(|| text.clone())
        }
        _ => None,
    }
}

/// The tests of presence; where an unset value means something, the values themselves.
fn presence(meaning: Meaning, field: &Field, called: &str) -> Vec<String> {
    let (there, missing) = match (field.kind, field.unset) {
        (Kind::Boolean, _) => (format!("{called}: true"), format!("{called}: false")),
        (Kind::OneOf(names), Unset::Text(unset)) => {
            let others: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| *name != unset)
                .collect();
            (
                format!("{called}: [{}]", others.join(", ")),
                format!("{called}: {unset}"),
            )
        }
        _ => ("present: true".to_owned(), "present: false".to_owned()),
    };
    match meaning {
        Meaning::Exists => vec![there, missing],
        Meaning::Absent => vec![missing],
        _ => vec![there],
    }
}

fn at_a_scalar(
    meaning: Meaning,
    field: &Field,
    called: &str,
    values: &LiteralValues,
) -> Vec<String> {
    let is_number = matches!(field.kind, Kind::Integer | Kind::Number);
    let is_text = matches!(field.kind, Kind::Text);
    let limit = |name: &str| {
        let number = values.each.first().map_or("1", String::as_str);
        is_number.then(|| format!("{name}: {number}"))
    };
    let code = match meaning {
        Meaning::Min => limit("min"),
        Meaning::Max => limit("max"),
        Meaning::Above => limit("above"),
        Meaning::Below => limit("below"),
        Meaning::Between if is_number => Some(match values.each.as_slice() {
            [low, high] => format!("min: {low}, max: {high}"),
            _ => "min: 1, max: 5".to_owned(),
        }),
        _ if values.each.is_empty() => match (meaning, &values.whole) {
            (Meaning::Any, Some(whole)) if values.in_list => Some(format!("any-of: {whole}")),
            _ => None,
        },
        Meaning::Equals => Some(format!("{called}: {}", values.one_or_list())),
        Meaning::OneOf | Meaning::Any => Some(format!("{called}: {}", values.list())),
        Meaning::NotEquals => Some(format!("not: {}", values.one_or_list())),
        Meaning::NoneOf => Some(format!("not: {}", values.list())),
        _ if is_text => at_a_text(meaning, values),
        _ => None,
    };
    code.into_iter().collect()
}

fn at_a_text(meaning: Meaning, values: &LiteralValues) -> Option<String> {
    let several = values.each.len() > 1;
    let one = values.each.first()?;
    let around = |before: &str, after: &str| {
        let texts: Vec<String> = values
            .each
            .iter()
            .map(|text| {
                let bare: String = serde_json::from_str(text).unwrap_or_else(|_| text.clone());
                written(&format!("{before}{bare}{after}"))
            })
            .collect();
        match texts.as_slice() {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        }
    };
    Some(match meaning {
        Meaning::Matches if several => format!("any-of: {}", values.tests("matches")),
        Meaning::Matches => format!("matches: {one}"),
        Meaning::NotMatches if several => format!("not: {}", values.tests("matches")),
        Meaning::NotMatches => format!("not: {{matches: {one}}}"),
        Meaning::Like => format!("like: {}", values.one_or_list()),
        Meaning::NotLike => format!("not: {{like: {}}}", values.one_or_list()),
        Meaning::Begins => format!("like: {}", around("", "*")),
        Meaning::Ends => format!("like: {}", around("*", "")),
        Meaning::Contains => format!("contains: {}", values.one_or_list()),
        Meaning::ContainsAny => format!("any-of: {}", values.tests("contains")),
        Meaning::NotContains if several => format!("not: {}", values.tests("contains")),
        Meaning::NotContains => format!("not: {{contains: {one}}}"),
        _ => return None,
    })
}

fn at_a_list(meaning: Meaning, values: &LiteralValues) -> Vec<String> {
    let of_each = || values.whole.as_ref().map(|whole| format!("each: {whole}"));
    let code = if values.each.is_empty() {
        match (meaning, &values.whole) {
            (Meaning::Each, _) => of_each(),
            (Meaning::Any, Some(whole)) if values.in_list => Some(format!("any-of: {whole}")),
            _ => None,
        }
    } else {
        let list = values.list();
        match meaning {
            Meaning::Equals => Some(format!("contains: {list}, each: {list}")),
            Meaning::NotEquals => Some(format!("not: {{contains: {list}, each: {list}}}")),
            Meaning::OneOf | Meaning::Each => Some(format!("each: {list}")),
            Meaning::Contains | Meaning::All => Some(format!("contains: {}", values.one_or_list())),
            Meaning::ContainsAny | Meaning::Any => {
                Some(format!("any-of: {}", values.tests("contains")))
            }
            Meaning::NoneOf | Meaning::NotContains => Some(none_of(values)),
            _ => at_a_text(meaning, values).map(|tests| format!("each: {{{tests}}}")),
        }
    };
    code.into_iter().collect()
}

/// A `not` for elements that should not be there.
fn none_of(values: &LiteralValues) -> String {
    match values.each.as_slice() {
        [one] => format!("not: {{contains: {one}}}"),
        _ => format!("not: {}", values.tests("contains")),
    }
}

/// The help for values directly under a `not` at a list; `None` for tests, which can be there.
pub fn not_of_a_list(node: &Node) -> Option<String> {
    let nodes = match &node.data {
        Data::List(nodes) => nodes.as_slice(),
        Data::Text(_) => std::slice::from_ref(node),
        _ => return None,
    };
    let text = |node: &Node| match &node.data {
        Data::Text(text) if !text.is_empty() => Some(written(text)),
        _ => None,
    };
    let each: Vec<String> = nodes.iter().map(text).collect::<Option<_>>()?;
    if each.is_empty() {
        return None;
    }
    let values = LiteralValues {
        each,
        in_list: true,
        whole: None,
    };
    Some(format!("write `{{{}}}`", none_of(&values)))
}

/// The help for a word that became a key of a map.
pub fn at_a_map(
    word: &str,
    meaning: Option<Meaning>,
    field: &Field,
    value: &Node,
    problems: &Problems,
) -> Vec<String> {
    let values = LiteralValues::of(value, field, problems);
    let map = field.name;
    let path = if API.iter().any(|member| std::ptr::eq(member, field)) {
        format!("api.{map}")
    } else {
        format!("stage.{map}")
    };
    let under_each = |of: String| format!("\"*\": {of}");
    let of_texts = matches!(field.kind, Kind::Map(of) if matches!(of.kind, Kind::Text));
    let presence = match value.data {
        Data::Boolean(present) => Some(format!("present: {present}")),
        _ => None,
    };
    let keys = (!values.each.is_empty()).then(|| values.list());
    let mut codes = Vec::new();
    match (word, meaning) {
        ("min" | "max" | "above" | "below", _) => {
            let sign = match word {
                "min" => ">=",
                "max" => "<=",
                "above" => ">",
                _ => "<",
            };
            let number = match value.data {
                Data::Integer(number) => number,
                _ => 1,
            };
            codes.push(format!("assert: size({path}) {sign} {number}"));
        }
        ("contains", _) | (_, Some(Meaning::Keys | Meaning::Contains | Meaning::All)) => {
            codes.extend(presence.or_else(|| keys.map(|keys| format!("{map}: {keys}"))));
        }
        (_, Some(Meaning::Exists | Meaning::Present)) => {
            codes.extend(presence.or_else(|| keys.map(|keys| format!("{map}: {keys}"))));
        }
        (_, Some(Meaning::Absent)) => codes.push(match (keys, value.data == Data::Boolean(true)) {
            (_, true) | (None, _) => "present: false".to_owned(),
            (Some(keys), false) => format!("not: {keys}"),
        }),
        (_, Some(Meaning::OneOf | Meaning::ContainsAny | Meaning::Any)) => {
            codes.extend(keys.map(|keys| format!("any-of: {keys}")));
        }
        (_, Some(Meaning::NoneOf)) => codes.extend(keys.map(|keys| format!("not: {keys}"))),
        ("each", _) => codes.extend(match (&values.whole, values.each.as_slice()) {
            (Some(whole), _) => Some(under_each(whole.clone())),
            (None, [one]) if of_texts => Some(under_each(one.clone())),
            _ => None,
        }),
        ("like", _) if !of_texts => codes.extend(keys.map(|keys| format!("{map}: {keys}"))),
        _ if of_texts => {
            let test = match (&value.data, &values.whole) {
                (Data::Boolean(boolean), _) => Some(boolean.to_string()),
                (_, Some(whole)) => Some(whole.clone()),
                _ => values.each.first().cloned(),
            };
            codes.extend(test.map(|test| under_each(format!("{{{word}: {test}}}"))));
        }
        _ => {}
    }
    let escape = format!(
        "if it is a key: `{}: {{any-of: [VALUE, …]}}`",
        written(word)
    );
    let help = (!codes.is_empty()).then(|| write(&codes));
    help.into_iter().chain([escape]).collect()
}
