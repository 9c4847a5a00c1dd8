//! The text of an expression to its tree, within limits of length and depth.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, SourceInfo};
use cel::parser::{ParseError, Parser};

use crate::policy::text::diagnostic::Mistake;

/// The longest expression, in bytes. The parser goes as deep as a sum is long.
const LONGEST: usize = 2_048;
/// Levels that an expression may nest.
pub const DEEPEST: usize = 64;

pub const SYNTAX: &str = "this is not an expression in CEL";

/// Parses an expression.
///
/// # Errors
/// The first mistake: what follows it is mostly its consequence.
pub fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), Mistake> {
    let whole = |title: &str, label: String| Mistake {
        at: 0..text.len(),
        title: title.to_owned(),
        label,
        help: Vec::new(),
    };
    if text.len() > LONGEST {
        let label = format!("more than {LONGEST} bytes; split it into several rules");
        return Err(whole("the expression is too long", label));
    }
    let (expr, source) = Parser::default()
        .parse_with_source_info(text)
        .map_err(|found| {
            let unknown = || whole(SYNTAX, "the parser does not say why".to_owned());
            found
                .errors
                .first()
                .map_or_else(unknown, |error| syntax_error(text, error))
        })?;
    if is_too_deep(&expr) {
        let label = format!("deeper than {DEEPEST} levels; split it into several rules");
        return Err(whole("nested too deeply", label));
    }
    Ok((expr, source))
}

/// A syntax error, in the words of a person.
fn syntax_error(text: &str, error: &ParseError) -> Mistake {
    let number = |number: isize| usize::try_from(number).unwrap_or(1).max(1) - 1;
    let start: usize = text
        .split_inclusive('\n')
        .take(number(error.pos.0))
        .map(str::len)
        .sum();
    let line = text
        .get(start..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default();
    let from = line
        .char_indices()
        .nth(number(error.pos.1))
        .map_or(line.len(), |(at, _)| at);
    let rest = &line[from..];
    let word = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let word = rest.get(..word.max(1)).unwrap_or(rest);
    let label = match error.msg.trim_start_matches("Syntax error: ") {
        // The parser lists everything that is allowed there, which helps no one.
        message if message.starts_with("mismatched") || message.starts_with("extraneous") => {
            match word {
                "" => "something is missing here".to_owned(),
                word => format!("`{word}` is not allowed here"),
            }
        }
        message if message.starts_with("token recognition") => {
            "this means nothing in CEL".to_owned()
        }
        message if message.contains("has() macro") => {
            "`has(…)` takes a name behind a dot".to_owned()
        }
        message => message.replace("at '<EOF>'", "at the end"),
    };
    let help = match word.to_ascii_lowercase().as_str() {
        "=" => Some("`==` compares".to_owned()),
        "and" | "&" => Some("`&&` is the and of CEL".to_owned()),
        "or" | "|" => Some("`||` is the or of CEL".to_owned()),
        "is" | "equals" | "eq" => Some("`==` compares".to_owned()),
        _ if error.msg.contains("has() macro") => Some(instead_of_has(text, start + from)),
        _ if text.trim_start().starts_with("not ") => Some("`!` is the not of CEL".to_owned()),
        _ => None,
    };
    Mistake {
        at: start + from..start + from + word.len().max(1),
        title: SYNTAX.to_owned(),
        label,
        help: help.into_iter().collect(),
    }
}

/// The form to write instead of the `has(…)` around a place.
fn instead_of_has(text: &str, at: usize) -> String {
    const HAS: &str = "has(";
    let open = text[..at].rfind(HAS).or_else(|| text.find(HAS));
    let inside = open.map_or("", |open| &text[open + HAS.len()..]);
    let inside = inside
        .split_once(')')
        .map_or(inside, |(inside, _)| inside)
        .trim();
    let key = inside
        .strip_suffix(']')
        .and_then(|inside| inside.rsplit_once('['));
    match key {
        Some((map, key)) => format!("for a key in brackets, write `{key} in {map}`"),
        None if ["stage", "api"].contains(&inside) => {
            format!("it is always there; of a setting in it, write `has({inside}.Description)`")
        }
        None => "`has(…)` asks for a setting, as in `has(stage.Description)`".to_owned(),
    }
}

/// True if an expression nests too deeply. It does not go down itself, since that might be too deep.
fn is_too_deep(expr: &IdedExpr) -> bool {
    let mut left = vec![(expr, 0)];
    while let Some((expr, depth)) = left.pop() {
        if depth > DEEPEST {
            return true;
        }
        let mut inside = |expr| left.push((expr, depth + 1));
        match &expr.expr {
            Expr::Call(call) => call
                .target
                .as_deref()
                .into_iter()
                .chain(&call.args)
                .for_each(inside),
            Expr::Comprehension(of) => {
                [
                    &of.iter_range,
                    &of.accu_init,
                    &of.loop_cond,
                    &of.loop_step,
                    &of.result,
                ]
                .into_iter()
                .for_each(inside);
            }
            Expr::List(list) => list.elements.iter().for_each(inside),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        inside(&entry.key);
                        inside(&entry.value);
                    }
                }
            }
            Expr::Select(select) => inside(&select.operand),
            Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }
    false
}
