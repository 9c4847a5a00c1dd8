//! `driftgate policy explain`: explains a rule, a word of the language or a field.

mod pages;
mod sheet;

use std::io;
use std::sync::Arc;

use self::sheet::Sheet;
use crate::cli::args::{Explain, Global};
use crate::cli::pipeline::policies::load_for;
use crate::cli::stop::Stop;
use crate::cli::terminal::output;
use crate::gate;
use crate::policy::author::describe::{FieldPlace, KEYS, WORDS, Word, places};
use crate::policy::language::operator::Operator;
use crate::policy::language::operators::OPERATORS;
use crate::policy::read::builtin;
use crate::policy::text::diagnostic::{SourceText, nearest};
use crate::policy::text::foreign;
use crate::policy::{Policies, Policy, Rule, load};

/// The meaning of a name.
enum Subject<'p> {
    Rule(&'p Policy, &'p Rule),
    Test(&'static Operator),
    Word(&'static Word),
    Field(FieldPlace),
}

/// Runs the command.
pub fn run(command: &Explain, global: &Global) -> Result<u8, Stop> {
    // Words need no policies, which may have mistakes.
    let only_words = command
        .names
        .iter()
        .all(|name| words(name).next().is_some());
    let policies = if only_words && command.policy.is_empty() {
        Policies::default()
    } else {
        load_for(&command.policy, global, ": nothing was explained")?
    };
    let subjects: Vec<Subject<'_>> = command
        .names
        .iter()
        .map(|name| find(name, &policies))
        .collect::<Result<_, _>>()?;
    output::write(&output::Target::Stdout, |out| {
        write(&subjects, &policies, out)
    })?;
    Ok(gate::CONFORMS)
}

fn write(subjects: &[Subject<'_>], policies: &Policies, out: &mut dyn io::Write) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    for (at, subject) in subjects.iter().enumerate() {
        if at > 0 {
            sheet.blank()?;
        }
        match subject {
            Subject::Rule(policy, rule) => pages::rule(&mut sheet, policy, rule)?,
            Subject::Test(operator) => pages::test(&mut sheet, operator)?,
            Subject::Word(word) => pages::word(&mut sheet, word)?,
            Subject::Field(place) => pages::field(&mut sheet, place, policies)?,
        }
    }
    Ok(())
}

/// The tests and other words of this name.
fn words(name: &str) -> impl Iterator<Item = Subject<'static>> {
    let tests = OPERATORS
        .iter()
        .filter(move |operator| operator.name == name)
        .map(|operator| Subject::Test(operator));
    tests.chain(
        WORDS
            .iter()
            .filter(move |word| word.name == name)
            .map(Subject::Word),
    )
}

/// The meaning of a name: a word before a rule, a rule before a field.
fn find<'p>(name: &str, policies: &'p Policies) -> Result<Subject<'p>, Stop> {
    if let Some(word) = words(name).next() {
        return Ok(word);
    }
    let rules = || {
        policies
            .policies
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
    };
    let of_rule: Vec<_> = rules()
        .filter(|(_, rule)| rule.facts.name == name || rule.id == name)
        .collect();
    let places = places();
    let of_field = fields(name, &places);
    match (of_rule.as_slice(), of_field.as_slice()) {
        ([(policy, rule)], _) => Ok(Subject::Rule(policy, rule)),
        ([], [place]) => Ok(Subject::Field((*place).clone())),
        ([], []) => {
            let ids = rules().flat_map(|(_, rule)| [rule.facts.name.as_str(), rule.id.as_str()]);
            let all = OPERATORS
                .iter()
                .map(|operator| operator.name)
                .chain(WORDS.iter().map(|word| word.name));
            let all: Vec<&str> = all
                .chain(ids)
                .chain(places.iter().map(|place| place.path.as_str()))
                .collect();
            Err(Stop::usage(unknown(name, &all)))
        }
        ([], several) => Err(ambiguous(
            name,
            "fields",
            several.iter().map(|place| place.path.clone()),
        )),
        (several, _) => Err(ambiguous(
            name,
            "rules",
            several.iter().map(|(_, rule)| rule.facts.name.clone()),
        )),
    }
}

/// The fields of this name: one whose path it is, whatever the case, or else those whose path ends so.
fn fields<'p>(name: &str, places: &'p [FieldPlace]) -> Vec<&'p FieldPlace> {
    let name = name.to_lowercase();
    let named: Vec<&str> = name.split('.').collect();
    // A key of a map is any text.
    let ends = |place: &&FieldPlace| {
        let path = place.path.to_lowercase();
        let path: Vec<&str> = path.split('.').collect();
        path.len() >= named.len()
            && path
                .iter()
                .rev()
                .zip(named.iter().rev())
                .all(|(known, name)| known == name || *known == "key")
            && path[path.len() - named.len()] != "key"
    };
    let whole = places
        .iter()
        .find(|place| ends(place) && place.path.split('.').count() == named.len());
    whole.map_or_else(|| places.iter().filter(ends).collect(), |place| vec![place])
}

fn unknown(name: &str, known: &[&str]) -> String {
    let title = format!("unknown rule, test or field `{name}`");
    if let Some((key, about)) = KEYS.iter().find(|(key, _)| *key == name) {
        return format!("{title}.\n`{key}` is {about}.");
    }
    if let Some((pack, _)) = name.split_once('/').filter(|_| pack_has(name)) {
        return format!(
            "{title} in the policies that were read.\nIt is a rule of a pack: add `--policy builtin:{pack}`."
        );
    }
    match (nearest(name, known.iter().copied()), foreign::test(name)) {
        (_, Some(meaning)) => {
            format!("{title}.\nIt is a word of other tools: {}.", meaning.ours())
        }
        (Some(meant), None) => format!("{title}; did you mean `{meant}`?"),
        (None, None) => format!(
            "{title}.\nName a rule of the policies (POLICY/ID), a test such as `min`, or a field such as \
             `AccessLogSettings.Format`."
        ),
    }
}

/// True if a pack has a rule of this name, `POLICY/ID`.
fn pack_has(name: &str) -> bool {
    let text = |pack| {
        Some(SourceText {
            name: name.to_owned(),
            text: builtin::pack(pack)?.to_owned(),
        })
    };
    let policies = name
        .split_once('/')
        .and_then(|(pack, _)| load(vec![Arc::new(text(pack)?)]).ok());
    policies.is_some_and(|policies| policies.rules().any(|rule| rule.facts.name == name))
}

fn ambiguous(name: &str, what: &str, of: impl Iterator<Item = String>) -> Stop {
    Stop::usage(format!(
        "`{name}` may be one of several {what}.\nName one: {}",
        of.collect::<Vec<_>>().join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_end_in_any_case() {
        let places = places();
        let found = |name: &str| {
            fields(name, &places)
                .into_iter()
                .map(|place| place.path.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("stagename"), ["StageName"]);
        assert_eq!(found("Tags"), ["Tags"], "the whole path comes first");
        assert_eq!(found("tags.owner"), ["Tags.KEY"]);
        assert_eq!(found("api.Tags.owner"), ["api.Tags.KEY"]);
        assert_eq!(
            found("each-route.LoggingLevel"),
            ["each-route.LoggingLevel"]
        );
        assert_eq!(
            found("AllowOrigins"),
            ["api.CorsConfiguration.AllowOrigins"]
        );
        assert_eq!(
            found("RouteSettings.$connect.LoggingLevel"),
            ["RouteSettings.KEY.LoggingLevel"]
        );
        assert_eq!(found("ThrottlingBurstLimit").len(), 3);
        assert!(found("owner").is_empty() && found("").is_empty());
    }
}
