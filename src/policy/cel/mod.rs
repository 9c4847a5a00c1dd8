//! `assert`: an expression in CEL over one stage, compiled and asked. It must not know where the text stands.

mod analyze;
mod bind;
mod mistakes;
mod place;
mod sample;
mod shape;
mod size;
mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex};

use cel::common::ast::{EntryExpr, Expr};
use cel::common::types::{CelBool, CelString, DYN_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::extractors::This;
use cel::parser::{ParseError, Parser};
use cel::{Context, Env, ExecutionError, IdedExpr, Value as Answer};
use regex::Regex;

use self::analyze::{Analysis, ORDERED, Through};
use self::bind::{Bound, Refusal, Roots};
use self::place::Read;
use self::why::{Cause, Why};
use crate::model::catalogue::{Field, Protocol, STAGE};
use crate::model::{Document, Value};
use crate::policy::language::explain::{Asserted, Open};
use crate::policy::language::glob::Glob;
use crate::policy::text::diagnostic::Mistake;

/// The longest expression, in bytes. The parser goes as deep as a sum is long.
const LONGEST: usize = 2_048;
/// How deep an expression may nest.
const DEEPEST: usize = 64;

const SYNTAX: &str = "this is not an expression in CEL";

/// A compiled expression.
#[derive(Debug)]
pub struct Assertion {
    /// The expression as violations show it.
    words: Arc<str>,
    /// The expression that is evaluated, with an index into the stage for each place that it reads.
    expr: IdedExpr,
    reads: Vec<Read>,
    /// The settings that it reads and not every protocol has.
    limits: Vec<&'static Field>,
    /// The lists and maps that its macros go through, by their nodes.
    ranges: BTreeMap<u64, Through>,
    regexes: Arc<BTreeMap<String, Regex>>,
    /// The names that it reads of structs that are worked out.
    members: BTreeSet<String>,
}

/// The functions of CEL itself, `glob`, and the order of keys.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut language = Env::stdlib();
    let added = language.add_overload("glob", "glob_text", vec![STRING_TYPE, STRING_TYPE], |args| {
        let text = |at: usize| args.get(at).and_then(|arg| arg.downcast_ref::<CelString<'_>>()).map(CelString::inner);
        let fits = matches!((text(0), text(1)), (Some(text), Some(glob)) if Glob::of(glob).fits(text));
        Ok(CowVal::owned(CelBool::from(fits)))
    });
    let ordered = language.add_overload(ORDERED, "ordered_any", vec![DYN_TYPE], bind::ordered);
    debug_assert!(added.is_ok() && ordered.is_ok(), "CEL has no such functions of its own");
    Arc::new(language)
});

impl Assertion {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, each with its bytes in the text.
    pub fn of(text: &str) -> Result<Self, Vec<Mistake>> {
        let mistake = |at: Range<usize>, title: &str, label: String| {
            vec![Mistake { at, title: title.to_owned(), label, help: Vec::new() }]
        };
        let split = |what: &str| format!("{what}; split it into several rules");
        if text.len() > LONGEST {
            return Err(mistake(
                0..text.len(),
                "the expression is too long",
                split(&format!("more than {LONGEST} bytes")),
            ));
        }
        let (expr, source) = Parser::default().parse_with_source_info(text).map_err(|found| {
            // What follows the first error is mostly its consequence.
            let unknown = || mistake(0..text.len(), SYNTAX, "the parser does not say why".to_owned());
            found.errors.first().map_or_else(unknown, |error| vec![syntax_error(text, error)])
        })?;
        if is_too_deep(&expr) {
            return Err(mistake(0..text.len(), "nested too deeply", split(&format!("deeper than {DEEPEST} levels"))));
        }
        let (analysis, evaluated) = Analysis::of(text, &source, &expr);
        let Analysis { reads, limits, ranges, regexes, members, mistakes, .. } = analysis;
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let words = format!("assert: {}", lines.collect::<Vec<_>>().join(" ")).into();
        let regexes = Arc::new(regexes);
        let assertion = Self { words, expr: evaluated, reads, limits, ranges, regexes, members };
        match assertion.try_out() {
            Ok(()) => Ok(assertion),
            Err(label) => Err(mistake(0..text.len(), "this can be evaluated on no stage", label)),
        }
    }

    /// The expression in one line, as violations show it.
    #[must_use]
    pub fn words(&self) -> &Arc<str> {
        &self.words
    }

    /// True if APIs of this protocol have every setting that the expression reads.
    #[must_use]
    pub fn applies(&self, protocol: Protocol) -> bool {
        self.limits.iter().all(|field| field.on.include(protocol))
    }

    /// The names of the settings that the expression reads and APIs of this protocol lack.
    #[must_use]
    pub fn lacks(&self, protocol: Protocol) -> Vec<&'static str> {
        let mut names: Vec<&str> =
            self.limits.iter().filter(|field| !field.on.include(protocol)).map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The paths of the document that the expression reads. A map is read whole.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for read in &self.reads {
            match read.members().as_slice() {
                ["stage"] => paths.extend(STAGE.iter().map(|field| field.name.to_owned())),
                ["stage", path @ ..] => paths.push(path.join(".")),
                ["each_route", ..] => {
                    let member = read.of_route().map(|member| format!(".{member}")).unwrap_or_default();
                    paths.extend([format!("DefaultRouteSettings{member}"), "RouteSettings".to_owned()]);
                }
                path => paths.push(path.join(".")),
            }
        }
        paths
    }

    /// The answer on a stage of a protocol on which it [applies](Self::applies). `in_force` gives the settings of a route
    /// from its entry and the stage default.
    pub fn answer(
        &self,
        document: &Document<'_>,
        protocol: Protocol,
        in_force: impl for<'v> Fn(&'v Value<'v>, &'v Value<'v>) -> Value<'v>,
    ) -> Asserted {
        let roots = Roots::of(document, self.reads_routes(), in_force);
        let refusals = Mutex::new(Vec::new());
        let stage = Bound { reads: &self.reads, roots: &roots, protocol, refusals: &refusals };
        let context = self.context(stage);
        let why = Why { assertion: self, stage: &stage };
        match self.evaluate(&self.expr, &context, &stage) {
            Ok(true) => Asserted::Holds,
            Ok(false) => Asserted::Fails(why.decided(&self.expr, &context).join("; ").into()),
            Err(_) => Asserted::Open(why.open(&self.expr, &context).into_iter().map(Cause::into_open).collect()),
        }
    }

    /// True if it reads the settings in force of routes.
    #[must_use]
    pub fn reads_routes(&self) -> bool {
        self.reads.iter().any(|read| read.members().first() == Some(&"each_route"))
    }

    /// The stage that it reads, and its functions.
    fn context<'r>(&self, stage: Bound<'r>) -> Context<'r, 'r> {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_as_val(place::STAGE, Box::new(stage));
        if !self.regexes.is_empty() {
            for name in ["re", "matches"] {
                let regexes = Arc::clone(&self.regexes);
                let found = move |This(text): This<Arc<String>>, regex: Arc<String>| {
                    regexes.get(&*regex).is_some_and(|regex| regex.is_match(&text))
                };
                let added = context.add_function(name, found);
                debug_assert!(added.is_ok(), "CEL has no `{name}` of its own");
            }
        }
        context
    }

    /// The answer of the expression or a part of it.
    fn evaluate(&self, expr: &IdedExpr, context: &Context<'_, '_>, stage: &Bound<'_>) -> Result<bool, Failed> {
        let error = match Answer::resolve_val(expr, context) {
            Ok(answer) => {
                let boolean = answer.downcast_ref::<CelBool>().map(|answer| *answer.inner());
                return boolean.ok_or_else(|| Failed::Gives(answer.get_type().name().to_owned()));
            }
            Err(error) => error,
        };
        if let Some(refusal) = stage.refusal(&error) {
            return Err(match refusal {
                Refusal::Open(open) => Failed::Open(open),
                Refusal::Missing(number) => match self.reads.get(number) {
                    Some(read) => Failed::Missing(read.written(), read.question()),
                    None => Failed::MissingKey,
                },
                Refusal::MissingKey => Failed::MissingKey,
            });
        }
        Err(match error {
            ExecutionError::NoSuchKey(name) if self.members.contains(&*name) => {
                Failed::Missing(name.to_string(), "has(…)".to_owned())
            }
            ExecutionError::NoSuchKey(_) => Failed::MissingKey,
            ExecutionError::NoSuchOverload(call) => {
                Failed::Types(operator(call.function()).to_owned(), call.argument_types().join(" and "))
            }
            ExecutionError::UnsupportedBinaryOperator(name, one, other) => {
                let types = [one, other].map(|value| value.type_of().to_string().replace("float", "double"));
                Failed::Types(operator(name).to_owned(), types.join(" and "))
            }
            ExecutionError::UnexpectedType { got, .. } => Failed::Types("a function or macro".to_owned(), got),
            _ => Failed::Other,
        })
    }
}

/// A reason why an expression gives no answer. It holds no value of the stage.
#[derive(Debug)]
enum Failed {
    /// The source does not state something.
    Open(Open),
    /// A setting or key that is written in the expression is not set, and how to ask for it.
    Missing(String, String),
    /// A key that was worked out is not there.
    MissingKey,
    /// An operation cannot take values of these types.
    Types(String, String),
    /// The result has this type.
    Gives(String),
    /// A number too large, a division by zero, a text that is no number.
    Other,
}

impl Failed {
    fn words(&self) -> String {
        match self {
            Self::Open(open) => open.reason.to_string(),
            Self::Missing(written, question) => format!("`{written}` is not set; ask `{question}` first"),
            Self::MissingKey => "there is no such key; ask `KEY in MAP` first".to_owned(),
            Self::Types(operation, types) if types.contains("double") && types.contains("int") => {
                format!("`{operation}` cannot take {types}; a whole number beside a double is written `2.0`")
            }
            Self::Types(operation, types) => format!("`{operation}` cannot take {types}"),
            Self::Gives(result) => format!("it gives {result}, not true or false"),
            Self::Other => "a number is out of range, or a text is not a number".to_owned(),
        }
    }
}

/// An operator as it is written.
fn operator(name: &str) -> &str {
    match name {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        name => name.trim_matches(['_', '@']),
    }
}

/// A syntax error, in the words of a person.
fn syntax_error(text: &str, error: &ParseError) -> Mistake {
    let number = |number: isize| usize::try_from(number).unwrap_or(1).max(1) - 1;
    let start: usize = text.split_inclusive('\n').take(number(error.pos.0)).map(str::len).sum();
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let from = line.char_indices().nth(number(error.pos.1)).map_or(line.len(), |(at, _)| at);
    let rest = &line[from..];
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let word = rest.get(..word.max(1)).unwrap_or(rest);
    let label = match error.msg.trim_start_matches("Syntax error: ") {
        // The parser lists everything that could stand there, which helps nobody.
        said if said.starts_with("mismatched") || said.starts_with("extraneous") => match word {
            "" => "something is missing here".to_owned(),
            word => format!("`{word}` cannot stand here"),
        },
        said if said.starts_with("token recognition") => "this means nothing in CEL".to_owned(),
        said if said.contains("has() macro") => "`has(…)` takes a name behind a dot".to_owned(),
        said => said.replace("at '<EOF>'", "at the end"),
    };
    let help = match word.to_ascii_lowercase().as_str() {
        "=" => Some("`==` compares"),
        "and" | "&" => Some("`&&` is the and of CEL"),
        "or" | "|" => Some("`||` is the or of CEL"),
        "is" | "equals" | "eq" => Some("`==` compares"),
        _ if error.msg.contains("has() macro") => Some("for a key in brackets, write `\"cost-center\" in stage.Tags`"),
        _ if text.trim_start().starts_with("not ") => Some("`!` is the not of CEL"),
        _ => None,
    };
    Mistake {
        at: start + from..start + from + word.len().max(1),
        title: SYNTAX.to_owned(),
        label,
        help: help.map(str::to_owned).into_iter().collect(),
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
            Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).for_each(inside),
            Expr::Comprehension(of) => {
                [&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result].into_iter().for_each(inside);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with an expression: each title, and what is marked.
    fn wrong(text: &str) -> Vec<(String, String)> {
        let found = Assertion::of(text).err().unwrap_or_default();
        found.into_iter().map(|one| (one.title, text.get(one.at).unwrap_or("(behind)").to_owned())).collect()
    }

    #[test]
    fn every_mistake_is_named_and_marked() {
        const NOWHERE: &str = "this can be evaluated on no stage";
        for (text, title, marked) in [
            ("stage.AutoDeploy ==", SYNTAX, "(behind)"),
            ("stage.AutoDeploy = true", SYNTAX, "="),
            ("stage.AutoDeploy and true", SYNTAX, "and"),
            ("'é' == api.Name &&\n  api.Name is 'x'", SYNTAX, "is"),
            ("(stage.AutoDeploy", SYNTAX, "(behind)"),
            ("stage.?AutoDeploy.orValue(true)", SYNTAX, "."),
            ("has(stage)", SYNTAX, "stage"),
            ("has(stage.AutoDeploy)", "`AutoDeploy` is always there", "AutoDeploy"),
            ("has(stage.Tags)", "`Tags` is always there", "Tags"),
            ("!has(stage.AccessLogSettings)", "`AccessLogSettings` is always there", "AccessLogSettings"),
            ("has(api.CorsConfiguration.AllowOrigins)", "`AllowOrigins` is always there", "AllowOrigins"),
            ("has(each_route[''].LoggingLevel)", "`LoggingLevel` is always there", "LoggingLevel"),
            ("'LoggingLevel' in each_route['']", "`LoggingLevel` is always there", "LoggingLevel"),
            (
                "each_route.map(r, each_route[r]).all(s, has(s.DataTraceEnabled))",
                "`DataTraceEnabled` is always there",
                "DataTraceEnabled",
            ),
            ("stage['Auto' + 'Deploy']", "the settings of `stage` are named", "s"),
            ("['AutoDeploy'].all(k, k in stage)", "the settings of `stage` are named", "s"),
            ("stage.DefaultRouteSettings.all(k, k != '')", "the settings of `DefaultRouteSettings` are named", "."),
            (
                "[stage.DefaultRouteSettings].all(s, s[api.Name] == 1)",
                "the settings of `DefaultRouteSettings` are named",
                "s",
            ),
            ("each_route.all(r, r.LoggingLevel == 'OFF')", "a text has no members", "LoggingLevel"),
            ("each_route.map(r, each_route[r]).all(s, s.Burst > 1)", "`route` has no setting `Burst`", "Burst"),
            ("stage.Tags.cost-center == 'x'", "there is no `center` here", "center"),
            ("stage.AutoDeploi", "`stage` has no setting `AutoDeploi`", "AutoDeploi"),
            ("stage['AutoDeploi']", "`stage` has no setting `AutoDeploi`", "AutoDeploi"),
            ("stage.autoDeploy", "`stage` has no setting `autoDeploy`", "autoDeploy"),
            ("has(api.Names)", "`api` has no setting `Names`", "Names"),
            ("each_route[''].Burst > 1", "`route` has no setting `Burst`", "Burst"),
            ("each_route.all(r, each_route[r].Burst > 1)", "`route` has no setting `Burst`", "Burst"),
            ("stage.Tags.owner.x == 'x'", "`value` is a text, which has no members", "x"),
            ("stages.AutoDeploy", "there is no `stages` here", "stages"),
            ("each-route.all(r, r == '')", "there is no `each-route` here", "each-route"),
            ("stage.Tags.all(k, key == 'x')", "there is no `key` here", "key"),
            ("stage.Tags.all(k, k == '') && k == ''", "there is no `k` here", "k"),
            ("stage.Tags.all(k)", "`all` is written `LIST.all(x, TEST)`", "all"),
            ("stage.StageName.size(1)", "`size` is written `size(VALUE)` or `VALUE.size()`", "size"),
            ("startsWith(stage.StageName, 'x')", "`startsWith` is written `TEXT.startsWith(TEXT)`", "startsWith"),
            ("stage.StageName.lower() == 'x'", "there is no function `lower`", "lower"),
            ("optional.of(stage.StageName) == 'x'", "there is no function `of`", "of"),
            ("re(stage.StageName, '(')", "this is not a regular expression", "'('"),
            ("re(stage.StageName, api.Name)", "the regular expression of `re` is written out", "."),
            ("stage.StageName.matches('(')", "this is not a regular expression", "'('"),
            ("matches(stage.StageName, api.Name)", "the regular expression of `matches` is written out", "."),
            ("stage.StageName.re('x')", "`re` is written `re(TEXT, \"REGEX\")`", "re"),
            ("Foo{a: stage.AutoDeploy}.a", "there are no messages here", "Foo"),
            ("stage.Description != null", "nothing is ever null here", "null"),
            ("stage.AutoDeploy == 'true'", "`AutoDeploy` is a boolean, and this is a text", "'true'"),
            ("1 == stage.StageName", "`StageName` is a text, and this is a number", "1"),
            ("stage.DefaultRouteSettings.LoggingLevel == 'WARN'", "`LoggingLevel` is never `WARN`", "'WARN'"),
            ("stage.Tags == 1", "`Tags` is a map, and this is a number", "1"),
        ] {
            assert_eq!(wrong(text), [(title.to_owned(), marked.to_owned())], "{text}");
        }
        let whole = |text: &str, title: &str| assert_eq!(wrong(text), [(title.to_owned(), text.to_owned())]);
        whole("true", "this tests nothing");
        whole("[1, 2].all(x, x > 0)", "this tests nothing");
        whole("stage.StageName", NOWHERE);
        whole("stage.AutoDeploy || stage.StageName", NOWHERE);
        whole("api.ProtocolType == 'HTTP' || stage.Tags.owner > 1", NOWHERE);
        whole("size(stage.Tags)", NOWHERE);
        whole("stage.AutoDeploy > 'x'", NOWHERE);
        whole("stage.StageName.startsWith(1)", NOWHERE);
        whole("stage.DefaultRouteSettings.ThrottlingRateLimit * 2 > 5.0", NOWHERE);
        whole(&format!("stage.AutoDeploy{}", " || stage.AutoDeploy".repeat(110)), "the expression is too long");
        whole(&format!("stage.StageName == 'x'{}", " + 'x'".repeat(DEEPEST + 2)), "nested too deeply");
    }

    #[test]
    fn the_way_out_is_shown() {
        for (text, help) in [
            ("has(stage.Tags[\"a-b\"])", "for a key in brackets, write `\"cost-center\" in stage.Tags`"),
            ("stage.Tags.cost-center == 'x'", "write `stage.Tags[\"cost-center\"]`"),
            ("each_route.all(r, r.ThrottlingRateLimit > 1)", "`r` is a key: write `each_route[r].ThrottlingRateLimit`"),
            ("StageName == 'prod'", "write `stage.StageName`"),
            ("Name == 'shop'", "write `api.Name`"),
            ("account == 111122223333", "put it in quotes"),
            ("len(stage.Tags) > 1", "write `size(VALUE)`"),
            ("stage.StageName.lower() == 'x'", "write `TEXT.matches(\"(?i)REGEX\")`"),
            ("stage.Tags.keys() == []", "a map stands for its keys: `MAP.all(k, …)`, `MAP.map(k, k)`"),
            (
                "has(stage.AutoDeploy)",
                "write `stage.AutoDeploy`, or `!stage.AutoDeploy`; a boolean that is not set is false",
            ),
            ("has(stage.Tags)", "write `size(stage.Tags) > 0`"),
            (
                "has(stage.DefaultRouteSettings.LoggingLevel)",
                "write `stage.DefaultRouteSettings.LoggingLevel != 'OFF'`; not set, it is OFF",
            ),
            (
                "has(stage.AccessLogSettings)",
                "ask for a setting in it, as in `has(stage.AccessLogSettings.DestinationArn)`",
            ),
        ] {
            assert_eq!(Assertion::of(text).unwrap_err().remove(0).help, [help], "{text}");
        }
        let label =
            Assertion::of("stage.DefaultRouteSettings.ThrottlingRateLimit * 2 > 5.0").unwrap_err().remove(0).label;
        assert_eq!(label, "`*` cannot take double and int; a whole number beside a double is written `2.0`");
    }

    #[test]
    fn a_part_that_is_no_test_is_told_from_the_whole() {
        let label = |text| Assertion::of(text).unwrap_err().remove(0).label;
        assert_eq!(label("stage.StageName"), "it gives string, not true or false");
        assert_eq!(label("stage.AutoDeploy || !size(stage.Tags)"), "a part of it gives int, not true or false");
        assert_eq!(label("stage.AutoDeploy || size(stage.Tags) > 'x'"), "`>` cannot take int and string");
    }

    #[test]
    fn work_is_bounded_before_any_stage_is_seen() {
        const TOO_MUCH: &str = "this is too much work";
        let all = |names: &[&str]| {
            let macros: Vec<_> = names.iter().map(|name| format!("each_route.all({name}, ")).collect();
            format!("{}a != ''{}", macros.concat(), ")".repeat(names.len()))
        };
        assert_eq!(wrong(&all(&["a", "b"])), []);
        assert_eq!(wrong(&all(&["a", "b", "c"]))[0].0, TOO_MUCH);
        let literals = format!("[{}]", ["1"; 400].join(","));
        assert_eq!(wrong(&format!("{literals}.all(a, a > 0 && stage.AutoDeploy)")), []);
        assert_eq!(wrong(&format!("{literals}.all(a, each_route.all(b, each_route.all(c, c == b)))"))[0].0, TOO_MUCH);
        // Each step doubles the text.
        let doubling = format!("['x']{}[0] == api.Name", ".map(a, a + a)".repeat(12));
        assert_eq!(wrong(&doubling)[0].0, TOO_MUCH);
        let doubling = format!("[each_route]{}.size() > 0", ".map(a, [a, a])".repeat(12));
        assert_eq!(wrong(&doubling)[0].0, TOO_MUCH);
    }

    #[test]
    fn it_applies_to_the_protocols_that_have_what_it_reads() {
        const WEBSOCKET: &[Protocol] = &[Protocol::WebSocket];
        let logs = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
        for (text, on) in [
            ("stage.AutoDeploy", &Protocol::ALL[..]),
            (logs, WEBSOCKET),
            ("each_route['GET /'].LoggingLevel == 'INFO'", WEBSOCKET),
            ("stage.Tags.all(k, stage.Tags[k] == stage.ClientCertificateId)", WEBSOCKET),
            (&format!("api.ProtocolType == 'HTTP' || {logs}"), WEBSOCKET),
            (&format!("stage.AutoDeploy || stage.AutoDeploy && {logs}"), WEBSOCKET),
            ("has(stage.ClientCertificateId)", WEBSOCKET),
            ("'ClientCertificateId' in stage", WEBSOCKET),
            ("stage['ClientCertificateId'].startsWith('x')", WEBSOCKET),
            ("has(stage.ClientCertificateId) ? stage.AutoDeploy : !stage.AutoDeploy", WEBSOCKET),
            ("size(api.CorsConfiguration.AllowOrigins) > 0", &[Protocol::Http]),
            ("has(stage.ClientCertificateId) || size(api.CorsConfiguration.AllowOrigins) > 0", &[]),
            // However the settings come to a name.
            ("each_route.map(r, each_route[r]).all(s, s.LoggingLevel != 'OFF')", WEBSOCKET),
            ("each_route.map(r, each_route[r]).filter(s, s.DataTraceEnabled) == []", WEBSOCKET),
            ("[stage.DefaultRouteSettings][0].LoggingLevel == 'INFO'", WEBSOCKET),
            ("([] + [stage.DefaultRouteSettings])[0].LoggingLevel == 'INFO'", WEBSOCKET),
            ("{'a': stage.DefaultRouteSettings}.a.LoggingLevel == 'INFO'", WEBSOCKET),
            ("[{'a': stage.DefaultRouteSettings}].all(m, m['a'].LoggingLevel == 'INFO')", WEBSOCKET),
            ("(stage.AutoDeploy ? each_route[''] : stage.DefaultRouteSettings).LoggingLevel == 'INFO'", WEBSOCKET),
            ("[stage].all(s, !has(s.ClientCertificateId))", WEBSOCKET),
            // Keys that are called so are no settings, and a struct as a whole is what the protocol has of it.
            ("stage.StageVariables.LoggingLevel == 'INFO'", &Protocol::ALL),
            ("stage.Tags['ClientCertificateId'] == 'x' && 'LoggingLevel' in stage.Tags", &Protocol::ALL),
            ("{'LoggingLevel': stage.DefaultRouteSettings}.LoggingLevel.DetailedMetricsEnabled", &Protocol::ALL),
            ("stage.RouteSettings.LoggingLevel.DetailedMetricsEnabled", &Protocol::ALL),
            ("stage.DefaultRouteSettings == each_route['']", &Protocol::ALL),
        ] {
            let assertion = Assertion::of(text).unwrap();
            let applies: Vec<_> = Protocol::ALL.into_iter().filter(|protocol| assertion.applies(*protocol)).collect();
            assert_eq!(applies, on, "{text}");
        }
    }
}
