//! The pages of docs/reference that come from the catalogue and the list of tests, as Markdown.

use crate::model::catalogue::Kind;
use crate::model::protocol::Protocols;
use crate::policy::author::describe::{FieldPlace, WORDS, Word, block, places, unset};
use crate::policy::language::operator::{Example, Operator};
use crate::policy::language::operators::OPERATORS;
use crate::policy::text::foreign;

/// The page of the fields.
#[must_use]
pub fn fields() -> String {
    let places = places();
    let table = |heading: &str, about: &str, of: &dyn Fn(&str) -> bool| {
        let rows: String = places
            .iter()
            .filter(|place| of(&place.path))
            .map(row)
            .collect();
        format!(
            "\n## {heading}\n\n{about}\n\n| field | type | unset means | what it is |\n| --- | --- | --- | --- |\n{rows}"
        )
    };
    let is_ours = |path: &str| path.starts_with(|c: char| c.is_ascii_lowercase());
    [
        "# Fields\n\nWhat a policy can ask about. PascalCase names are AWS's, as `aws apigatewayv2 get-stage` and \
         `get-apis` print them;\nlower case is driftgate's. A dot is one step down: `AccessLogSettings.Format` is \
         written `AccessLogSettings: {Format: …}`.\n`KEY` is a key of a map. [The policy language](../guide/policies.md) \
         says what *unset* is.\n"
            .to_owned(),
        table("Of the stage", "As GetStages returns it.", &|path| !is_ours(path)),
        table("Of its API", "As GetApis returns it.", &|path| path == "api" || path.starts_with("api.")),
        table("Of every route", "Only in `expect`, and in `accept` of a waiver.", &|path| {
            path.starts_with("each-route")
        }),
        table("Where the stage is", "`route` is allowed only in `match`.", &|path| {
            is_ours(path) && !path.starts_with("api") && !path.starts_with("each-route")
        }),
    ]
    .concat()
}

fn row(place: &FieldPlace) -> String {
    let field = place.field;
    let mut about = vec![field.about.to_owned()];
    about.extend((place.on != Protocols::ALL).then(|| format!("Only for {}.", place.on.words())));
    about.extend(
        field
            .sensitive
            .then(|| "Reports show a digest of each value.".to_owned()),
    );
    about.extend(
        field
            .log_group_arn
            .then(|| "Compared without a trailing `:*`.".to_owned()),
    );
    format!(
        "| `{}` | {} | {} | {} |\n",
        place.path,
        field.kind.words(),
        unset(field),
        about.join(" ")
    )
}

/// The page of the tests and the other words of the language.
#[must_use]
pub fn tests() -> String {
    let mut page = "# Tests\n\nThe words of the policy language, each with a rule that uses it. \
                    `driftgate policy explain WORD` prints the same.\n[The policy language](../guide/policies.md) \
                    explains how they come together.\n"
        .to_owned();
    page += "\n## Tests of one setting\n";
    page.extend(OPERATORS.iter().map(|operator| test(operator)));
    page += "\n## Other words\n";
    page.extend(WORDS.iter().map(word));
    page += "\n## Words of other tools\n\nThey are refused, with ours in the message.\n\n| theirs | ours |\n| --- | --- |\n";
    page.extend(foreign::TESTS.iter().map(|(meaning, theirs)| {
        let theirs: Vec<String> = theirs
            .iter()
            .map(|word| format!("`{}`", word.replace('|', "\\|")))
            .collect();
        format!("| {} | {} |\n", theirs.join(", "), meaning.ours())
    }));
    page
}

fn test(operator: &Operator) -> String {
    let head = format!(
        "\n### `{}`\n\n{}\n\nTakes {}. Allowed at {}.\n",
        operator.name,
        operator.about,
        operator.takes,
        fits(operator)
    );
    head + &example(&operator.example)
}

fn word(word: &Word) -> String {
    let head = format!(
        "\n### `{}`\n\n{}\n\nTakes {}. Allowed {}.\n",
        word.name, word.about, word.takes, word.place
    );
    head + &example(&word.example)
}

fn example(example: &Example) -> String {
    let rule = block(&format!("{{{}}}", example.rule));
    format!(
        "\n```yaml\n{rule}```\n\n- conforms: `{}`\n- violates: `{}`\n",
        example.passes, example.fails
    )
}

/// The kinds of field that a test can be used at, in words.
#[must_use]
pub fn fits(operator: &Operator) -> String {
    let kinds: Vec<&str> = places()
        .iter()
        .filter(|place| (operator.on)(&place.field.kind))
        .map(|place| match place.field.kind {
            Kind::Boolean => "booleans",
            Kind::Integer | Kind::Number => "numbers",
            Kind::Text | Kind::OneOf(_) => "texts",
            Kind::Struct(_) => "structs",
            Kind::Map(_) => "maps",
            Kind::List(_) => "lists",
        })
        .collect();
    let all = ["booleans", "numbers", "texts", "structs", "maps", "lists"];
    let fitting: Vec<&str> = all
        .into_iter()
        .filter(|kind| kinds.contains(kind))
        .collect();
    if fitting == all {
        "every field".to_owned()
    } else {
        fitting.join(" and ")
    }
}
