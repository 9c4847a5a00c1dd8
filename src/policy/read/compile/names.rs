//! Settings that do not exist, each with the one that was probably meant and its place.

use super::cure::instead;
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{API_FIELD, Field, STAGE};
use crate::policy::language::operators::OPERATORS;
use crate::policy::language::pattern::Top;
use crate::policy::text::aliases;
use crate::policy::text::diagnostic::{Problems, nearest, plain, suggestions};
use crate::policy::text::foreign;
use crate::policy::text::yaml::Entry;

/// Notes a setting that does not exist; the one that was probably meant.
pub fn unknown_setting(
    entry: &Entry,
    names: &[&str],
    of: &str,
    parent: Option<&Field>,
    problems: &mut Problems,
) -> Option<String> {
    let key = &entry.key;
    if let Some((parent, below)) = key.split_once('.')
        && let Some(parent) = nearest(parent, names.iter().copied())
    {
        let nested = nested(&corrected(parent, below));
        let title = format!("`{key}` is not a setting: members are nested");
        problems.note(
            &entry.key_span,
            title,
            "a dotted key",
            [format!("write `{nested}`")],
        );
        return None;
    }
    let meant = nearest(key, names.iter().copied());
    let (mut label, mut help) = suggestions(key, names.iter().copied());
    if meant.is_none_or(|meant| plain(meant) != plain(key)) {
        let elsewhere: Vec<String> = elsewhere(key)
            .iter()
            .map(|path| {
                format!(
                    "`{}`{}",
                    nested(path),
                    if path.len() == 1 { " at the top" } else { "" }
                )
            })
            .collect();
        if let Some(test) = OPERATORS.iter().find(|operator| operator.name == key) {
            help.insert(
                0,
                format!(
                    "`{}` tests one setting; name it: `NAME: {{{key}: …}}`",
                    test.name
                ),
            );
        } else if !elsewhere.is_empty() {
            "it belongs elsewhere".clone_into(&mut label);
            help.insert(0, format!("write {}", elsewhere.join(", or ")));
        } else if let Some(ours) = aliases::setting(key).filter(|_| meant.is_none()) {
            help.insert(0, ours.to_owned());
        } else if let (Some(meaning), Some(parent), None) = (foreign::test(key), parent, meant) {
            let instead = instead(meaning, parent, parent.name, &entry.value, problems);
            help.splice(0..0, instead);
        }
    }
    problems.note(
        &entry.key_span,
        format!("{of} has no setting `{key}`"),
        label,
        help,
    );
    meant.map(str::to_owned)
}

/// The paths of the settings of this name, wherever they are but in `RouteSettings`.
fn elsewhere(name: &str) -> Vec<Vec<&'static str>> {
    fn below(
        field: &'static Field,
        name: &str,
        path: &mut Vec<&'static str>,
        out: &mut Vec<Vec<&'static str>>,
    ) {
        path.push(field.name);
        if plain(field.name) == plain(name) {
            out.push(path.clone());
        }
        field
            .members()
            .iter()
            .for_each(|member| below(member, name, path, out));
        path.pop();
    }
    let mut out = Vec::new();
    for field in [EACH_ROUTE].into_iter().chain(STAGE).chain([&API_FIELD]) {
        below(field, name, &mut Vec::new(), &mut out);
    }
    out
}

/// A dotted path, each of whose segments is probably a slip of a setting's name.
fn corrected<'k>(top: &'k str, below: &'k str) -> Vec<&'k str> {
    let mut path = vec![top];
    let mut field = Top::all()
        .map(|(_, field)| field)
        .chain([EACH_ROUTE])
        .find(|field| field.name == top);
    for segment in below.split('.') {
        let members = field.map(Field::members).unwrap_or_default();
        field = nearest(segment, members.iter().map(|member| member.name))
            .and_then(|name| members.iter().find(|member| member.name == name));
        path.push(field.map_or(segment, |field| field.name));
    }
    path
}

/// A path as it is written in YAML.
fn nested(path: &[&str]) -> String {
    format!("{}: …{}", path.join(": {"), "}".repeat(path.len() - 1))
}
