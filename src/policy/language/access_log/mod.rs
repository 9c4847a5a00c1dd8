//! The template of an access log: the `$context` variables in it, and which of four formats it has.
//!
//! The formats are those whose samples the API Gateway console offers. What is judged is the template, before any
//! request fills it in.

mod variable;

use std::ops::Range;

use xmlparser::{ElementEnd, Error as XmlError, StreamError, Token, Tokenizer};

use self::variable::at_variable;
pub use self::variable::{VARIABLES, Variable, misspelt, variable_name, variables, written_name};

/// A format of access logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object.
    Json,
    /// The Common Log Format.
    Clf,
    /// One XML element.
    Xml,
    /// Comma-separated values.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Json, Self::Clf, Self::Xml, Self::Csv];

    /// The name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Clf => "clf",
            Self::Xml => "xml",
            Self::Csv => "csv",
        }
    }

    /// The name in a sentence, with its article.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Json => "a JSON",
            Self::Clf => "a CLF",
            Self::Xml => "an XML",
            Self::Csv => "a CSV",
        }
    }

    /// True if a template has the format.
    #[must_use]
    pub fn fits(self, template: &str) -> bool {
        self.check(template).is_ok()
    }

    /// Checks a template.
    ///
    /// # Errors
    /// The place at which it leaves the format.
    pub fn check(self, template: &str) -> Result<(), Break> {
        match self {
            Self::Json => json(template),
            Self::Clf => clf(template),
            Self::Xml => xml(template),
            Self::Csv => csv(template),
        }
    }
}

/// The place at which a template leaves its format, and the reason. Neither quotes the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The byte; `None` where the template as a whole is not enough.
    at: Option<usize>,
    why: &'static str,
}

impl Break {
    const fn at(at: usize, why: &'static str) -> Self {
        Self { at: Some(at), why }
    }

    /// The column in the template, or the line and the column, and the reason.
    #[must_use]
    pub fn words(&self, template: &str) -> String {
        let why = self.why;
        let Some(before) = self.at.and_then(|at| template.get(..at)) else {
            return why.to_owned();
        };
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        if template.trim_end().contains('\n') {
            format!("at line {line}, column {column}: {why}")
        } else {
            format!("at column {column}: {why}")
        }
    }
}

/// A JSON object, once each variable outside of quotes is taken for a number: `{"status": $context.status}` is one,
/// though not by its letters.
fn json(template: &str) -> Result<(), Break> {
    let start = template.len() - template.trim_start().len();
    match template[start..].chars().next() {
        Some('{') => {}
        Some('"') => return Err(Break::at(start, "a text in quotes, not an object")),
        Some('[') => return Err(Break::at(start, "a list, not an object")),
        _ => return Err(Break::at(start, "an object begins with `{`")),
    }
    let mut json = String::with_capacity(template.len());
    // The places behind variables that were replaced: in the JSON, and in the template.
    let mut places = vec![(0, 0)];
    let (mut at, mut quoted) = (0, false);
    while let Some(next) = template[at..].chars().next() {
        let rest = &template[at..];
        if let Some(variable) = at_variable(rest).filter(|_| !quoted) {
            json.push('0');
            at += variable.length;
            places.push((json.len(), at));
            continue;
        }
        let taken = match next {
            // An escaped quote cannot end a quotation.
            '\\' if quoted => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => {
                quoted = !quoted;
                1
            }
            other => other.len_utf8(),
        };
        json.push_str(&rest[..taken]);
        at += taken;
    }
    let Err(error) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json)
    else {
        return Ok(());
    };
    let found = offset(&json, error.line(), |line| {
        error.column().saturating_sub(1).min(line.len())
    });
    let found = if error.is_eof() { json.len() } else { found };
    let (known, place) = places
        .into_iter()
        .rev()
        .find(|(known, _)| *known <= found)
        .unwrap_or_default();
    let at = place + (found - known);
    let behind = template.get(at..).unwrap_or_default();
    Err(Break::at(at, not_json(&error.to_string(), behind)))
}

/// The reason why a text is not JSON, in the parser's words and ours; `behind` begins at the place.
fn not_json(problem: &str, behind: &str) -> &'static str {
    const REASONS: [(&str, &str); 10] = [
        ("key must be a string", "a key is not in double quotes"),
        ("expected `,` or `}`", "`,` or `}` is missing"),
        ("expected `,` or `]`", "`,` or `]` is missing"),
        ("expected `:`", "the `:` behind a key is missing"),
        ("trailing comma", "nothing follows a comma"),
        ("trailing characters", "something follows the object"),
        ("EOF", "it ends too early"),
        (
            "control character",
            "a line break or another control character in a text",
        ),
        ("invalid escape", "not an escape of JSON after the `\\`"),
        (
            "expected value",
            "a value is missing, or a text is not in double quotes",
        ),
    ];
    if problem.starts_with("trailing characters") && behind.starts_with("\\n") {
        return "a `\\` and an `n` follow the object, where a line break was meant";
    }
    REASONS
        .iter()
        .find(|(start, _)| problem.starts_with(start))
        .map_or("this is not JSON", |(_, reason)| reason)
}

/// The byte at a place in a line, which begins with 1.
fn offset(text: &str, line: usize, within: impl FnOnce(&str) -> usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    start + within(text.get(start..).unwrap_or_default())
}

/// The Common Log Format, as AWS writes it: host, identity and user, each one variable or `-`, and the host no `-`;
/// `[$context.requestTime]`; the request in quotes, with a variable; the status, a variable; then, if anything, more
/// variables, `-`, or texts in quotes. Spaces are between them; before the request the space may be missing. One
/// line.
fn clf(template: &str) -> Result<(), Break> {
    const TIME: &str = "[$context.requestTime]";
    one_line(template)?;
    let skip = |at: usize| at + (template[at..].len() - template[at..].trim_start().len());
    let ends = |at: usize| match template[at..].chars().next() {
        Some(next) if !next.is_whitespace() => Err(Break::at(at, "a space is missing")),
        _ => Ok(()),
    };
    // A variable, or `-`.
    let field = |at: usize, why: &'static str| {
        let variable = at_variable(&template[at..]).map(|variable| variable.length);
        let length = variable.or(template[at..].starts_with('-').then_some(1));
        length.map(|length| at + length).ok_or(Break::at(at, why))
    };
    let mut at = skip(0);
    if at_variable(&template[at..]).is_none() {
        return Err(Break::at(at, "the host, a variable, is missing"));
    }
    for why in [
        "",
        "the identity, a variable or `-`, is missing",
        "the user, a variable or `-`, is missing",
    ] {
        at = field(skip(at), why)?;
        if !template[at..].starts_with('[') {
            ends(at)?;
        }
    }
    at = skip(at);
    if !template[at..].starts_with(TIME) {
        return Err(Break::at(at, "`[$context.requestTime]` is missing"));
    }
    at = skip(at + TIME.len());
    let Some(request) = template[at..].strip_prefix('"') else {
        return Err(Break::at(at, "the request in double quotes is missing"));
    };
    let Some((request, _)) = request.split_once('"') else {
        return Err(Break::at(at, UNCLOSED));
    };
    if variables(request).next().is_none() {
        return Err(Break::at(at, "the request has no variable"));
    }
    at = skip(at + request.len() + 2);
    if at_variable(&template[at..]).is_none() {
        return Err(Break::at(at, "the status, a variable, is missing"));
    }
    while at < template.len() {
        at = match template[at..].strip_prefix('"') {
            Some(rest) => at + rest.find('"').ok_or(Break::at(at, UNCLOSED))? + 2,
            None => field(at, "neither a variable nor `-` nor a text in double quotes")?,
        };
        ends(at)?;
        at = skip(at);
    }
    Ok(())
}

const UNCLOSED: &str = "a quote is not closed";

/// One element that is well-formed and has a variable in it: its tags fit, no attribute is there twice, and `&` begins
/// a reference. Declarations, processing instructions and document types are not for a line of a log.
fn xml(template: &str) -> Result<(), Break> {
    const REFERENCE: &str = "the `&` begins no reference such as `&amp;`";
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut roots = 0;
    for token in Tokenizer::from_fragment(template, 0..template.len()) {
        let token = token.map_err(|error| not_xml(template, &error))?;
        let Range { start, .. } = token.span().range();
        let why = match token {
            Token::ElementStart { span, .. } => {
                attributes.clear();
                open.push((&span.as_str()[1..], start));
                roots += usize::from(open.len() == 1);
                (roots > 1).then_some("there is more than one element")
            }
            Token::Attribute { span, value, .. } => {
                let name = span
                    .as_str()
                    .split('=')
                    .next()
                    .unwrap_or_default()
                    .trim_end();
                let twice = attributes.contains(&name);
                attributes.push(name);
                match references_are_whole(value.as_str()) {
                    _ if twice => Some("duplicate attribute"),
                    true => None,
                    false => Some(REFERENCE),
                }
            }
            Token::ElementEnd {
                end: ElementEnd::Open,
                ..
            } => None,
            Token::ElementEnd {
                end: ElementEnd::Empty,
                ..
            } => {
                open.pop();
                None
            }
            Token::ElementEnd {
                end: ElementEnd::Close(..),
                span,
            } => {
                let name = span
                    .as_str()
                    .trim_start_matches("</")
                    .trim_end_matches('>')
                    .trim_end();
                (open.pop().map(|(open, _)| open) != Some(name))
                    .then_some("the tag closes another element")
            }
            Token::Text { text } if !references_are_whole(text.as_str()) => Some(REFERENCE),
            Token::Text { text } if open.is_empty() && !text.as_str().trim().is_empty() => {
                Some("text outside of the element")
            }
            Token::Cdata { .. } if open.is_empty() => Some("text outside of the element"),
            Token::Text { .. } | Token::Cdata { .. } | Token::Comment { .. } => None,
            _ => Some("declarations and the like are not for a log entry"),
        };
        if let Some(why) = why {
            return Err(Break::at(start, why));
        }
    }
    whole_element(template, open.pop(), roots)
}

/// One element that is closed and has a variable, given the last open one and the number of elements.
fn whole_element(template: &str, open: Option<(&str, usize)>, roots: usize) -> Result<(), Break> {
    match open {
        Some((_, start)) => Err(Break::at(start, "the element is not closed")),
        None if roots == 0 => Err(Break {
            at: None,
            why: "there is no element in it",
        }),
        None if variables(template).next().is_none() => Err(Break {
            at: None,
            why: "there is no variable in it",
        }),
        None => Ok(()),
    }
}

fn not_xml(template: &str, error: &XmlError) -> Break {
    let (cause, place) = match *error {
        XmlError::InvalidComment(cause, place)
        | XmlError::InvalidElement(cause, place)
        | XmlError::InvalidAttribute(cause, place)
        | XmlError::InvalidCdata(cause, place)
        | XmlError::InvalidCharData(cause, place) => (Some(cause), place),
        other => (None, other.pos()),
    };
    // The cause knows the place better: the error has that of the whole token.
    let (why, place) = match cause {
        Some(StreamError::InvalidQuote(_, place)) => {
            ("the value of an attribute is not in quotes", place)
        }
        Some(StreamError::InvalidSpace(_, place)) => ("a space is missing", place),
        Some(
            StreamError::InvalidChar(_, _, place)
            | StreamError::InvalidCharMultiple(_, _, place)
            | StreamError::InvalidString(_, place),
        ) => ("another character belongs here", place),
        Some(StreamError::NonXmlChar(_, place)) => ("a control character is not for XML", place),
        Some(StreamError::InvalidName) => ("not a valid XML name", place),
        Some(StreamError::UnexpectedEndOfStream) => ("what begins here does not end", place),
        _ => ("this is not well-formed XML", place),
    };
    let column = place.col.saturating_sub(1) as usize;
    let within = |line: &str| {
        line.char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at)
    };
    Break::at(offset(template, place.row as usize, within), why)
}

/// True if each `&` begins a reference such as `&lt;` or `&#38;`.
fn references_are_whole(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| {
        rest.split_once(';').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        })
    })
}

/// Values with commas between them; at least two have a variable. A value in double quotes may hold anything
/// (`""` is a quote); one without them has no `"`, `<`, `>`, `{` or `}`, which belong to the other formats. One line.
fn csv(template: &str) -> Result<(), Break> {
    one_line(template)?;
    let (mut values, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in template.trim_end().char_indices() {
        match c {
            ',' if quote.is_none() => {
                values.push(start..at);
                start = at + 1;
            }
            '"' => quote = if quote.is_none() { Some(at) } else { None },
            _ => {}
        }
    }
    if let Some(at) = quote {
        return Err(Break::at(at, UNCLOSED));
    }
    values.push(start..template.trim_end().len());
    let mut with_variable = 0;
    for Range { start, end } in values {
        let value = template.get(start..end).unwrap_or_default();
        let start = start + (value.len() - value.trim_start().len());
        let value = value.trim();
        with_variable += usize::from(variables(value).next().is_some());
        let (wrong, why) = match value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(inner) => {
                let doubled = inner.replace("\"\"", "__");
                (
                    doubled.find('"').map(|at| at + 1),
                    "a quote inside quotes is written twice",
                )
            }
            None => {
                let why = "a value with `\"`, `<`, `>`, `{` or `}` must be wholly in double quotes";
                (value.find(['"', '<', '>', '{', '}']), why)
            }
        };
        if let Some(at) = wrong {
            return Err(Break::at(start + at, why));
        }
    }
    let few = Break {
        at: None,
        why: "fewer than two of its values have a variable",
    };
    if with_variable < 2 { Err(few) } else { Ok(()) }
}

/// A line break is allowed only at the end.
fn one_line(template: &str) -> Result<(), Break> {
    match template.trim_end().find(['\n', '\r']) {
        Some(at) => Err(Break::at(at, "a log entry is one line")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
