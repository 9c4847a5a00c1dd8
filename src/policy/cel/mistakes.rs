//! Likely mistakes in an expression, each with the form to write instead.

use std::ops::Range;

use cel::common::ast::LiteralValue;

use crate::model::catalogue::{API, Field, Kind, STAGE, Unset};
use crate::policy::text::diagnostic::{Mistake, suggestions};

/// A function: its name, how it is written, whether it follows a dot, and its arguments.
type Function = (&'static str, &'static str, bool, usize);

/// The functions.
const FUNCTIONS: [Function; 12] = [
    ("contains", "TEXT.contains(TEXT)", true, 1),
    ("double", "double(VALUE)", false, 1),
    ("endsWith", "TEXT.endsWith(TEXT)", true, 1),
    ("glob", "glob(TEXT, \"GLOB\")", false, 2),
    ("int", "int(VALUE)", false, 1),
    ("matches", "TEXT.matches(\"REGEX\")", true, 1),
    ("matches", "matches(TEXT, \"REGEX\")", false, 2),
    ("re", "re(TEXT, \"REGEX\")", false, 2),
    ("size", "size(VALUE)", false, 1),
    ("size", "VALUE.size()", true, 0),
    ("startsWith", "TEXT.startsWith(TEXT)", true, 1),
    ("string", "string(VALUE)", false, 1),
];

/// The macros, which the parser expands; one that is left as a call was written in another way.
const MACROS: [(&str, &str); 6] = [
    ("all", "LIST.all(x, TEST)"),
    ("exists", "LIST.exists(x, TEST)"),
    ("exists_one", "LIST.exists_one(x, TEST)"),
    ("filter", "LIST.filter(x, TEST)"),
    ("has", "has(stage.Tags.owner)"),
    ("map", "LIST.map(x, VALUE)"),
];

/// Functions of other languages, and ours for them.
const OTHERS: [(&[&str], &str); 3] = [
    (&["len", "length", "count"], "the size is `size(VALUE)`"),
    (
        &[
            "lower",
            "lowerAscii",
            "toLower",
            "upper",
            "upperAscii",
            "toUpper",
        ],
        "case does not matter in `TEXT.matches(\"(?i)REGEX\")`",
    ),
    (
        &["keys"],
        "a map is iterated by its keys: `MAP.all(k, …)`, `MAP.map(k, k)`",
    ),
];

fn mistake(
    at: Range<usize>,
    title: String,
    label: &str,
    help: impl IntoIterator<Item = String>,
) -> Mistake {
    Mistake {
        at,
        title,
        label: label.to_owned(),
        help: help.into_iter().collect(),
    }
}

/// A name that there is not; `None` for what follows from a mistake that is already noted.
pub fn unknown_name(
    text: &str,
    name: &str,
    at: Range<usize>,
    allowed: Vec<&str>,
) -> Option<Mistake> {
    // Policies write it so, and CEL takes the hyphen for a minus.
    let (name, at) = match name {
        "each"
            if text
                .get(at.end..)
                .is_some_and(|text| text.starts_with("-route")) =>
        {
            ("each-route", at.start..at.end + "-route".len())
        }
        "route"
            if text
                .get(..at.start)
                .is_some_and(|text| text.ends_with("each-")) =>
        {
            return None;
        }
        name => (name, at),
    };
    // `stage.Tags.cost-center`
    let before = text.get(..at.start).unwrap_or_default();
    if let Some((path, key)) = before
        .strip_suffix('-')
        .and_then(|before| before.rsplit_once("Tags."))
    {
        let root = path
            .rsplit(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
            .next()
            .unwrap_or_default();
        let help = format!("write `{root}Tags[\"{key}-{name}\"]`");
        return Some(mistake(
            at,
            format!("there is no `{name}` here"),
            "CEL takes the hyphen for a minus",
            [help],
        ));
    }
    let is_member = |of: &[Field]| of.iter().any(|member| member.name == name);
    if let Some((root, _)) = [("stage", STAGE), ("api", API)]
        .into_iter()
        .find(|(_, members)| is_member(members))
    {
        let help = format!("write `{root}.{name}`");
        return Some(mistake(
            at,
            format!("there is no `{name}` here"),
            "a setting follows its root",
            [help],
        ));
    }
    let (label, help) = suggestions(
        name,
        allowed.into_iter().filter(|name| !name.starts_with('@')),
    );
    Some(mistake(
        at,
        format!("there is no `{name}` here"),
        &label,
        help,
    ))
}

/// The replacement for `has(…)` of a setting that is always there.
pub fn instead_of_has(written: &str, field: &Field) -> String {
    match (field.kind, field.unset) {
        (Kind::Boolean, _) => {
            format!("write `{written}`, or `!{written}`; a boolean that is not set is false")
        }
        (_, Unset::Text(text)) => format!("write `{written} != '{text}'`; not set, it is {text}"),
        (Kind::Struct(members), _) => {
            let member = members.iter().find(|member| member.unset == Unset::Nothing);
            format!(
                "ask for a setting in it, as in `has({written}.{})`",
                member.map_or("…", |member| member.name)
            )
        }
        _ => format!("write `size({written}) > 0`"),
    }
}

/// A literal that the setting on the other side can never be equal to.
pub fn never_equal(field: &Field, value: &LiteralValue, at: Range<usize>) -> Option<Mistake> {
    let kind = match value {
        LiteralValue::Boolean(_) => "a boolean",
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => "a number",
        LiteralValue::String(_) => "a text",
        LiteralValue::Bytes(_) => "a row of bytes",
        LiteralValue::Null => "null",
    };
    match (field.kind, value) {
        (_, LiteralValue::Null) => {
            let help = "a setting that is not set is missing: ask `has(…)`".to_owned();
            Some(mistake(
                at,
                "nothing is ever null here".to_owned(),
                "never equal",
                [help],
            ))
        }
        (Kind::OneOf(names), LiteralValue::String(text)) if !names.contains(&text.inner()) => {
            let (label, help) = suggestions(text.inner(), names.iter().copied());
            Some(mistake(
                at,
                format!("`{}` is never `{}`", field.name, text.inner()),
                &label,
                help,
            ))
        }
        (Kind::Text | Kind::OneOf(_), LiteralValue::String(_))
        | (Kind::Boolean, LiteralValue::Boolean(_))
        | (
            Kind::Integer | Kind::Number,
            LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_),
        ) => None,
        _ => {
            let title = format!(
                "`{}` is {}, and this is {kind}",
                field.name,
                field.kind.words()
            );
            let number = match (field.kind, value) {
                (Kind::Text, LiteralValue::Int(number)) => Some(number.inner().to_string()),
                (Kind::Text, LiteralValue::UInt(number)) => Some(number.inner().to_string()),
                _ => None,
            };
            let help = number.map(|number| format!("write `\"{number}\"`"));
            Some(mistake(at, title, "never equal", help))
        }
    }
}

/// A function that there is not, or that is written in another way.
pub fn function(name: &str, member: bool, args: usize, at: Range<usize>) -> Option<Mistake> {
    let forms = FUNCTIONS.iter().filter(|of| of.0 == name);
    if forms.clone().any(|of| (of.2, of.3) == (member, args)) {
        return None;
    }
    let macros = MACROS.iter().filter(|of| of.0 == name);
    let written: Vec<String> = forms
        .map(|of| of.1)
        .chain(macros.map(|of| of.1))
        .map(|form| format!("`{form}`"))
        .collect();
    if !written.is_empty() {
        let title = format!("`{name}` is written {}", written.join(" or "));
        return Some(mistake(at, title, "written in another way", []));
    }
    if let Some((_, help)) = OTHERS.iter().find(|(names, _)| names.contains(&name)) {
        return Some(mistake(
            at,
            format!("there is no function `{name}`"),
            "not a function of CEL",
            [(*help).to_owned()],
        ));
    }
    let mut names: Vec<&str> = FUNCTIONS
        .iter()
        .map(|of| of.0)
        .chain(MACROS.map(|of| of.0))
        .collect();
    names.dedup();
    let (label, help) = suggestions(name, names);
    Some(mistake(
        at,
        format!("there is no function `{name}`"),
        &label,
        help,
    ))
}
