//! `assert`: an expression in CEL over one stage, compiled and asked. It must not know where the text stands.

mod lacking;
mod reading;
mod sample;
mod shown;
mod tree;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr};
use cel::common::types::{CelBool, CelString, STRING_TYPE};
use cel::common::value::CowVal;
use cel::extractors::This;
use cel::parser::{ParseError, Parser};
use cel::{Context, Env, ExecutionError, IdedExpr, Value as Answer};
use regex::Regex;

use self::lacking::LACKING;
use self::reading::{ROOTS, Read, Reading, Step};
use self::shown::{Roots, Take};
use self::tree::{Test, Tree};
use super::diagnostic::Mistake;
use super::explain::Open;
use super::glob::Glob;
use super::truth::Truth;
use crate::model::catalogue::{API, Field, Kind, Protocol, STAGE};
use crate::model::{Document, Value};

/// The longest expression, in bytes. The parser goes as deep as a sum is long.
const LONGEST: usize = 2_048;
/// How deep an expression may nest.
const DEEPEST: usize = 64;

const SYNTAX: &str = "this is not an expression in CEL";

/// A compiled expression.
#[derive(Debug)]
pub struct Assertion {
    /// What a violation says was expected.
    words: Arc<str>,
    reads: Vec<Read>,
    regexes: Arc<BTreeMap<String, Regex>>,
    http: Asked,
    websocket: Asked,
    /// The protocols that have what it reads.
    on: Vec<Protocol>,
}

/// What is asked of the stages of one protocol.
#[derive(Debug)]
struct Asked {
    tree: Tree,
    /// What its tests read.
    take: Take,
}

/// What CEL itself has, and `glob`.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut language = Env::stdlib();
    let added = language.add_overload("glob", "glob_text", vec![STRING_TYPE, STRING_TYPE], |args| {
        let text = |at: usize| args.get(at).and_then(|arg| arg.downcast_ref::<CelString<'_>>()).map(CelString::inner);
        let fits = matches!((text(0), text(1)), (Some(text), Some(glob)) if Glob::of(glob).fits(text));
        Ok(CowVal::owned(CelBool::from(fits)))
    });
    debug_assert!(added.is_ok(), "CEL has no `glob` of its own");
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
        let Reading { reads, regexes, limited, mistakes, .. } = Reading::of(text, &source, &expr);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let words = format!("assert: {}", lines.collect::<Vec<_>>().join(" ")).into();
        let asked = |protocol| {
            let tree = Tree::of(text, &source, &expr, &limited, protocol);
            Asked { take: Take::of(tree.tests().into_iter().flat_map(|test| &test.reads)), tree }
        };
        let (http, websocket) = (asked(Protocol::Http), asked(Protocol::WebSocket));
        let assertion = Self { words, reads, regexes: Arc::new(regexes), http, websocket, on: Vec::new() };
        match assertion.try_out() {
            Ok(on) => Ok(Self { on, ..assertion }),
            Err(label) => Err(mistake(0..text.len(), "this can be evaluated on no stage", label)),
        }
    }

    /// What a violation says was expected: the expression in one line.
    #[must_use]
    pub fn words(&self) -> &Arc<str> {
        &self.words
    }

    /// Whether a stage of this protocol has what the expression reads.
    #[must_use]
    pub fn applies(&self, protocol: Protocol) -> bool {
        self.on.contains(&protocol)
    }

    /// The paths of the document that the expression reads. A map is read whole.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for read in &self.reads {
            let names: Vec<&str> = read
                .path
                .iter()
                .map_while(|step| match step {
                    Step::Name(name) => Some(&**name),
                    Step::Any => None,
                })
                .collect();
            match names.as_slice() {
                ["stage"] => paths.extend(STAGE.iter().map(|field| field.name.to_owned())),
                ["stage", path @ ..] => paths.push(below(STAGE, path)),
                ["each_route", ..] => match read.path.get(2) {
                    Some(Step::Name(member)) => {
                        paths.extend([format!("DefaultRouteSettings.{member}"), "RouteSettings".to_owned()]);
                    }
                    _ => paths.extend(["DefaultRouteSettings", "RouteSettings"].map(str::to_owned)),
                },
                ["api", path @ ..] if !path.is_empty() => paths.push(format!("api.{}", below(API, path))),
                other => paths.push(other.join(".")),
            }
        }
        paths
    }

    /// Whether it holds on a stage, or what keeps it from being decided. A test of a setting that the protocol lacks drops
    /// out. `in_force` gives the settings of a route from its entry and the stage default.
    ///
    /// # Errors
    /// What the answer hangs on: what the source does not state, or why a test could not be evaluated.
    pub fn truth(
        &self,
        document: &Document<'_>,
        protocol: Protocol,
        in_force: impl for<'v> Fn(&'v Value<'v>, &'v Value<'v>) -> Value<'v>,
    ) -> Result<Truth, Vec<Open>> {
        let roots = Roots::of(document, self.reads_routes(), in_force);
        let context = self.context(&roots, protocol);
        let mut open = Vec::new();
        let truth = self.asked(protocol).tree.truth(&mut open, &|test, open| {
            if let Some(equality) = &test.equality
                && let Some(equal) = roots.is_digest_of(&equality.key, &equality.text)
            {
                return Truth::from(equal == equality.equal);
            }
            let mut found = Vec::new();
            for read in &test.reads {
                roots.open(read, protocol, &mut found);
            }
            if found.is_empty() {
                match self.evaluate(test, &context, protocol) {
                    Ok(answer) => return answer.map_or(Truth::Dropped, Truth::from),
                    Err(why) => {
                        let reason = format!("assert could not be evaluated: {}", why.words()).into();
                        found.push(Open { route: None, path: "".into(), reason });
                    }
                }
            }
            found.retain(|one| !open.contains(one));
            open.append(&mut found);
            Truth::Unknown
        });
        if truth == Truth::Unknown { Err(open) } else { Ok(truth) }
    }

    /// Whether it reads the settings in force of routes.
    #[must_use]
    pub fn reads_routes(&self) -> bool {
        self.reads.iter().any(|read| matches!(read.path.first(), Some(Step::Name(root)) if **root == *"each_route"))
    }

    const fn asked(&self, protocol: Protocol) -> &Asked {
        match protocol {
            Protocol::Http => &self.http,
            Protocol::WebSocket => &self.websocket,
        }
    }

    /// The values that its tests read, and its functions.
    fn context<'r>(&'r self, roots: &'r Roots<'_>, protocol: Protocol) -> Context<'r, 'r> {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for (name, value) in roots.values(&self.asked(protocol).take, protocol) {
            context.add_variable_as_val(name, value);
        }
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

    /// The answer of a test; `None` when it needs what the protocol lacks.
    fn evaluate(&self, test: &Test, context: &Context<'_, '_>, protocol: Protocol) -> Result<Option<bool>, Failed> {
        match Answer::resolve_val(&test.expr, context) {
            Ok(answer) => match answer.downcast_ref::<CelBool>() {
                Some(answer) => Ok(Some(*answer.inner())),
                None => Err(Failed::Gives(answer.get_type().name().to_owned())),
            },
            Err(ExecutionError::NoSuchKey(key)) if lacks(&self.reads, protocol, &key) => Ok(None),
            Err(ExecutionError::UndeclaredReference(name)) if *name == LACKING => Ok(None),
            Err(ExecutionError::NoSuchKey(key)) if self.names(&key) => Err(Failed::Missing(key.to_string())),
            Err(ExecutionError::NoSuchKey(_)) => Err(Failed::MissingKey),
            Err(ExecutionError::NoSuchOverload(call)) => {
                Err(Failed::Types(operator(call.function()).to_owned(), call.argument_types().join(" and ")))
            }
            Err(ExecutionError::UnsupportedBinaryOperator(name, one, other)) => {
                let types = [one, other].map(|value| value.type_of().to_string().replace("float", "double"));
                Err(Failed::Types(operator(name).to_owned(), types.join(" and ")))
            }
            Err(ExecutionError::UnexpectedType { got, .. }) => {
                Err(Failed::Types("a function or macro".to_owned(), got))
            }
            Err(_) => Err(Failed::Other),
        }
    }

    /// Whether the expression itself has this name. A key that was worked out may be a value of the stage, and is not
    /// for reports.
    fn names(&self, key: &str) -> bool {
        self.reads.iter().flat_map(|read| &read.path).any(|step| matches!(step, Step::Name(name) if **name == *key))
    }
}

/// Why an expression gave no answer. It holds no value of the stage.
#[derive(Debug)]
enum Failed {
    /// A setting or key that is written in the expression is not set.
    Missing(String),
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
            Self::Missing(name) => format!("`{name}` is not set; ask `has(…)` first"),
            Self::MissingKey => "there is no such key; ask `KEY in MAP` first".to_owned(),
            Self::Types(operation, types) => format!("`{operation}` cannot take {types}"),
            Self::Gives(result) => format!("it gives {result}, not true or false"),
            Self::Other => "a number is out of range, or a text is not a number".to_owned(),
        }
    }
}

/// Whether what is read leads through a field of that name that the protocol lacks, or holds one. A key of a map may be
/// called so too.
fn lacks(reads: &[Read], protocol: Protocol, name: &str) -> bool {
    fn holds(field: &Field, lacking: &dyn Fn(&Field) -> bool) -> bool {
        match field.kind {
            Kind::Struct(members) => members.iter().any(|member| lacking(member) || holds(member, lacking)),
            Kind::Map(of) => holds(of, lacking),
            _ => false,
        }
    }
    let lacking = |field: &Field| field.name == name && !field.on.include(protocol);
    reads.iter().any(|read| {
        let Some((Step::Name(root), steps)) = read.path.split_first() else { return false };
        let Some(mut field) = ROOTS.into_iter().find(|field| field.name == &**root) else { return false };
        for step in steps {
            let below = match (field.kind, step) {
                (Kind::Struct(members), Step::Name(step)) => members.iter().find(|one| one.name == &**step),
                (Kind::Map(of), _) => Some(of),
                _ => None,
            };
            match below {
                Some(below) if lacking(below) => return true,
                Some(below) => field = below,
                None => return false,
            }
        }
        holds(field, &lacking)
    })
}

/// The path below these fields, up to the first map.
fn below(mut fields: &'static [Field], path: &[&str]) -> String {
    let known = path.iter().map_while(|name| {
        let field = fields.iter().find(|field| field.name == *name)?;
        fields = field.members();
        Some(*name)
    });
    known.collect::<Vec<_>>().join(".")
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
        said => said.replace("at '<EOF>'", "at the end"),
    };
    let help = match word.to_ascii_lowercase().as_str() {
        "=" => Some("`==` compares"),
        "and" | "&" => Some("`&&` is the and of CEL"),
        "or" | "|" => Some("`||` is the or of CEL"),
        "is" | "equals" | "eq" => Some("`==` compares"),
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

/// Whether an expression nests too deeply. It does not go down itself, since that might be too deep.
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
        let unguarded = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
        for (text, on) in [
            ("stage.AutoDeploy", &Protocol::ALL[..]),
            (unguarded, WEBSOCKET),
            ("each_route['GET /'].LoggingLevel == 'INFO'", WEBSOCKET),
            ("stage.Tags.all(k, stage.Tags[k] == stage.ClientCertificateId)", WEBSOCKET),
            (&format!("api.ProtocolType == 'HTTP' || {unguarded}"), &Protocol::ALL),
            ("has(stage.ClientCertificateId)", WEBSOCKET),
            ("!has(stage.ClientCertificateId) && has(stage.DefaultRouteSettings.LoggingLevel)", WEBSOCKET),
            ("each_route.exists(r, has(each_route[r].LoggingLevel))", WEBSOCKET),
            ("has(stage.ClientCertificateId) || has(api.CorsConfiguration.AllowOrigins)", &Protocol::ALL),
            ("has(stage.ClientCertificateId) ? stage.AutoDeploy : !stage.AutoDeploy", WEBSOCKET),
            ("stage.ClientCertificateId == api.CorsConfiguration.AllowOrigins[0]", &[]),
            ("size(api.CorsConfiguration.AllowOrigins) > 0", &[Protocol::Http]),
        ] {
            let assertion = Assertion::of(text).unwrap();
            let applies: Vec<_> = Protocol::ALL.into_iter().filter(|protocol| assertion.applies(*protocol)).collect();
            assert_eq!(applies, on, "{text}");
        }
    }
}
