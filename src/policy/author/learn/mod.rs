//! A stage that one is happy with to the text of a policy that describes it. It reads the document alone, and copies
//! no value that may be a secret: no stage variable, no tag, no description, no account, no identifier.

mod generalise;
mod policy;
mod writing;

use std::borrow::Cow;

use self::generalise::{EXAMPLE_NAME, General, Generaliser};
use self::writing::{Yaml, map, scalar};
use crate::model::Document;
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{ACCESS_LOG_SETTINGS, Kind, ROUTE_SETTINGS, Row, api, route, stage};
use crate::model::finding::Reading;
use crate::model::protocol::Protocol;
use crate::model::secret::looks_secret;
use crate::model::value::{UNSET, Value};
use crate::policy::language::access_log::{Format, misspelt, variables, written_name};

/// Length of a part of the policy's name.
const LONGEST_NAME: usize = 40;
/// The replacement for a text that is not copied to the example.
const SET: &str = "set";

/// The policy that a stage conforms to, under each of these readings of its routes; `None` when nothing on the stage
/// is worth demanding.
#[must_use]
pub fn learn(document: &Document<'_>, readings: &[Reading]) -> Option<String> {
    let mut lesson = Lesson::of(document, readings);
    lesson.access_logging();
    lesson.routes();
    lesson.deployment();
    lesson.client_certificate();
    lesson.stage_variables();
    lesson.keys("tags", "The stage has its tags", stage::TAGS);
    lesson.description();
    lesson.endpoint();
    lesson.cors();
    lesson.keys("api-tags", "The API has its tags", api::TAGS);
    (!lesson.rules.is_empty()).then(|| lesson.text())
}

/// One rule that was learned.
struct Learned {
    id: &'static str,
    title: &'static str,
    severity: &'static str,
    expect: Yaml,
    /// True if a stage on which nothing is set violates it.
    bare_violates: bool,
}

/// The policy in the making.
struct Lesson<'d> {
    document: &'d Document<'d>,
    readings: &'d [Reading],
    general: Generaliser<'d>,
    rules: Vec<Learned>,
    /// The settings that were not learned, each with the reason.
    skipped: Vec<String>,
    /// The stage of the example, and its API.
    stage: Vec<(String, Yaml)>,
    api: Vec<(String, Yaml)>,
}

impl<'d> Lesson<'d> {
    fn of(document: &'d Document<'d>, readings: &'d [Reading]) -> Self {
        let protocol = document
            .protocol_name()
            .filter(|name| !looks_secret("", name));
        let protocol = protocol.map(|name| (api::PROTOCOL.name.to_owned(), scalar(name)));
        let mut lesson = Self {
            document,
            readings,
            general: Generaliser::of(document),
            rules: Vec::new(),
            skipped: Vec::new(),
            stage: Vec::new(),
            api: protocol.into_iter().collect(),
        };
        lesson
            .stage
            .push((stage::NAME.name.to_owned(), scalar(lesson.stage_name())));
        lesson
    }

    /// The name of the stage, for the policy and its example.
    fn stage_name(&self) -> &'d str {
        self.document
            .stage_name()
            .filter(|name| self.general.may_copy(name))
            .unwrap_or(EXAMPLE_NAME)
    }

    fn rule(
        &mut self,
        (id, title, severity): (&'static str, &'static str, &'static str),
        expect: Yaml,
        bare: bool,
    ) {
        self.rules.push(Learned {
            id,
            title,
            severity,
            expect,
            bare_violates: bare,
        });
    }

    fn skip(&mut self, path: &str, why: &str) {
        self.skipped.push(format!("{path}: {why}"));
    }

    /// True if the source states a value; otherwise it is not learned.
    fn stated(&mut self, path: &str, value: &Value<'_>) -> bool {
        let stated = !matches!(value, Value::NotStated);
        if !stated {
            self.skip(path, "the source does not state it");
        }
        stated
    }

    fn access_logging(&mut self) {
        let logs = self.document.value(stage::ACCESS_LOGS);
        let (mut expect, mut given) = (Vec::new(), Vec::new());
        for (at, field) in ACCESS_LOG_SETTINGS.iter().enumerate() {
            let (value, path) = (
                logs.member(at),
                format!("{}.{}", stage::ACCESS_LOGS.name, field.name),
            );
            if self.stated(&path, value)
                && let Some(text) = value.as_text()
            {
                let general = self.general.text(text);
                if looks_secret("", text) {
                    self.skip(&path, "it holds what looks like a secret");
                }
                let (pattern, example) =
                    match (self.general.is_clean(text, &general), field.log_group_arn) {
                        (false, _) => (map("present", scalar(true)), SET.to_owned()),
                        (true, true) => (general.pattern(), general.example(self.stage_name())),
                        (true, false) => {
                            (self.log_format(text), general.example(self.stage_name()))
                        }
                    };
                expect.push((field.name.to_owned(), pattern));
                given.push((field.name.to_owned(), scalar(&example)));
            }
        }
        if !expect.is_empty() {
            let rule = ("access-logging", "Access logs are delivered", "high");
            self.rule(rule, map(stage::ACCESS_LOGS.name, Yaml::Map(expect)), true);
            self.stage
                .push((stage::ACCESS_LOGS.name.to_owned(), Yaml::Map(given)));
        }
    }

    /// The format of a template and its variables, but for those that this version would take for a slip.
    fn log_format(&self, template: &str) -> Yaml {
        let mut context: Vec<Cow<'_, str>> = Vec::new();
        for name in variables(template).map(|variable| variable.name) {
            if misspelt(&name).is_none() && self.general.may_copy(&name) && !context.contains(&name)
            {
                context.push(name);
            }
        }
        let is = Format::ALL.into_iter().find(|format| format.fits(template));
        let is = is.map(|format| ("is".to_owned(), scalar(format.name())));
        let context = Yaml::List(
            context
                .iter()
                .map(|name| scalar(&*written_name(name)))
                .collect(),
        );
        let context = (context != Yaml::List(Vec::new())).then(|| ("context".to_owned(), context));
        let asked: Vec<_> = is.into_iter().chain(context).collect();
        if asked.is_empty() {
            map("present", scalar(true))
        } else {
            map("log-format", Yaml::Map(asked))
        }
    }

    /// The settings in force for each route: the default, and each entry over it.
    fn routes(&mut self) {
        let entries = self.document.value(stage::ROUTES);
        if !self.stated(stage::ROUTES.name, entries) {
            return;
        }
        let before = self.rules.len();
        self.throttling();
        if self.all(route::METRICS, &Value::Boolean(true)) {
            let rule = ("metrics", "CloudWatch has metrics for each route", "low");
            self.rule(rule, each_route(route::METRICS, scalar(true)), true);
        }
        if self.document.protocol() == Some(Protocol::WebSocket) {
            self.execution_logging();
        }
        if self.rules.len() > before {
            let default = settings(self.document.value(stage::DEFAULT_ROUTE));
            self.stage
                .push((stage::DEFAULT_ROUTE.name.to_owned(), default));
            let route = |(number, (key, value)): (usize, &(Cow<'_, str>, Value<'_>))| {
                let key = if self.general.may_be_key(key) {
                    key.to_string()
                } else {
                    format!("GET /route-{number}")
                };
                (key, settings(value))
            };
            let routes: Vec<_> = entries.entries().iter().enumerate().map(route).collect();
            if !routes.is_empty() {
                self.stage
                    .push((stage::ROUTES.name.to_owned(), Yaml::Map(routes)));
            }
        }
    }

    /// The values in force on the default and on each route; `None` when the source does not state all of them.
    fn in_force(&mut self, name: &str, at: usize) -> Option<Vec<&'d Value<'d>>> {
        let default = self.document.value(stage::DEFAULT_ROUTE).member(at);
        let entries = self.document.value(stage::ROUTES).entries();
        let mut all = vec![default];
        for reading in self.readings {
            let left_out = if *reading == Reading::Inherit {
                default
            } else {
                &UNSET
            };
            let own = entries.iter().map(|(_, entry)| entry.member(at));
            all.extend(own.map(|own| if own.is_unset() { left_out } else { own }));
        }
        let open = all.iter().any(|value| matches!(value, Value::NotStated));
        if open {
            self.skip(name, "the source does not state it");
        }
        (!open).then_some(all)
    }

    /// True if a setting has this value wherever it is in force.
    fn all(&mut self, row: Row, expected: &Value<'_>) -> bool {
        self.in_force(row.name, row.at)
            .is_some_and(|all| all.iter().all(|value| *value == expected))
    }

    fn throttling(&mut self) {
        let mut limits = Vec::new();
        for (at, field) in ROUTE_SETTINGS
            .iter()
            .enumerate()
            .filter(|(_, field)| field.zero_blocks)
        {
            let (name, whole) = (field.name, matches!(field.kind, Kind::Integer));
            let Some(all) = self.in_force(name, at) else {
                continue;
            };
            let numbers: Vec<f64> = all.iter().filter_map(|value| value.as_number()).collect();
            let most = numbers.iter().copied().fold(0.0, f64::max);
            if numbers.len() < all.len() {
                self.skip(name, "routes without it have the limit of the account");
            } else if numbers.iter().any(|number| *number <= 0.0) {
                self.skip(
                    name,
                    "a limit of 0 blocks all traffic, which no policy should ask for",
                );
            } else {
                let lowest = if whole {
                    ("min".to_owned(), scalar(1))
                } else {
                    ("above".to_owned(), scalar(0))
                };
                let range = vec![lowest, ("max".to_owned(), scalar(most))];
                limits.push((name.to_owned(), Yaml::Map(range)));
            }
        }
        if !limits.is_empty() {
            let rule = ("throttling", "Every route is throttled", "high");
            self.rule(rule, map(EACH_ROUTE.name, Yaml::Map(limits)), true);
        }
    }

    fn execution_logging(&mut self) {
        let logged = |value: &&Value<'_>| matches!(value.as_text(), Some("ERROR" | "INFO"));
        match self.in_force(route::LOGGING_LEVEL.name, route::LOGGING_LEVEL.at) {
            Some(all) if all.iter().all(logged) => {
                let levels = Yaml::List(vec![scalar("ERROR"), scalar("INFO")]);
                let rule = (
                    "execution-logging",
                    "Execution logs are written for every route",
                    "medium",
                );
                self.rule(rule, each_route(route::LOGGING_LEVEL, levels), true);
            }
            Some(_) => self.skip(
                route::LOGGING_LEVEL.name,
                "it is OFF on a route, which no policy should ask for",
            ),
            None => {}
        }
        let off = |value: &&Value<'_>| matches!(value, Value::Unset | Value::Boolean(false));
        if self
            .in_force(route::DATA_TRACE.name, route::DATA_TRACE.at)
            .is_some_and(|all| all.iter().all(off))
        {
            let rule = (
                "no-payloads-in-logs",
                "Requests and responses are not written to the execution log",
                "high",
            );
            self.rule(rule, each_route(route::DATA_TRACE, scalar(false)), false);
        }
    }

    fn deployment(&mut self) {
        let (name, value) = (
            stage::AUTO_DEPLOY.name,
            self.document.value(stage::AUTO_DEPLOY),
        );
        if self.stated(name, value) {
            let on = *value == Value::Boolean(true);
            let title = if on {
                "A change of the API is deployed at once"
            } else {
                "Nothing is deployed by itself"
            };
            self.rule(("auto-deploy", title, "medium"), map(name, scalar(on)), on);
            self.stage.push((name.to_owned(), scalar(on)));
        }
    }

    fn client_certificate(&mut self) {
        if self.document.protocol() == Some(Protocol::WebSocket) {
            let rule = (
                "client-certificate",
                "Integrations are shown a certificate",
                "medium",
            );
            self.present(rule, stage::CLIENT_CERTIFICATE);
        }
    }

    fn description(&mut self) {
        self.present(
            ("description", "The stage says what it is for", "info"),
            stage::DESCRIPTION,
        );
    }

    /// A text that is there, whatever it is.
    fn present(&mut self, rule: (&'static str, &'static str, &'static str), row: Row) {
        let (name, value) = (row.name, self.document.value(row));
        if self.stated(name, value) && !value.is_unset() {
            self.rule(rule, map(name, map("present", scalar(true))), true);
            self.stage.push((name.to_owned(), scalar(SET)));
        }
    }

    fn stage_variables(&mut self) {
        let variables = self.document.value(stage::VARIABLES);
        self.keys(
            "stage-variables",
            "The stage variables are set",
            stage::VARIABLES,
        );
        // The test fails on what is not set, and hangs on what is not stated.
        let reason = |(key, value): &(Cow<'_, str>, Value<'_>)| match value {
            Value::Text(text) => looks_secret(key, text).then_some("a value looks like a secret"),
            Value::Digest(digest) => digest.looks_secret.then_some("a value looks like a secret"),
            Value::NotStated => Some("the source does not state a value"),
            _ => Some("a value is empty"),
        };
        let mut reasons: Vec<&str> = variables.entries().iter().filter_map(reason).collect();
        if !reasons.is_empty() {
            reasons.sort_unstable();
            reasons.dedup();
            self.skip(&format!("{}.*", stage::VARIABLES.name), &reasons.join(", "));
        } else if !variables.entries().is_empty() {
            let rule = (
                "no-secrets",
                "No stage variable looks like a secret",
                "high",
            );
            self.rule(
                rule,
                map(
                    stage::VARIABLES.name,
                    map("*", map("looks-secret", scalar(false))),
                ),
                false,
            );
        }
    }

    /// The keys of a map, but for AWS's own, those without a value, and those that name an account or an API.
    fn keys(&mut self, id: &'static str, title: &'static str, row: Row) {
        let (Row { name, path, .. }, value) = (row, self.document.value(row));
        if !self.stated(path, value) {
            return;
        }
        let set = value
            .entries()
            .iter()
            .filter(|(_, value)| matches!(value, Value::Text(_) | Value::Digest(_)));
        let (keys, left): (Vec<&str>, Vec<&str>) = set
            .map(|(key, _)| key.as_ref())
            .filter(|key| !key.starts_with("aws:"))
            .partition(|key| self.general.may_be_key(key));
        if !left.is_empty() {
            let secret = left.iter().any(|key| looks_secret("", key));
            let why = if secret {
                "keys that look like a secret"
            } else {
                "keys that name an account or an API, or that YAML cannot hold"
            };
            self.skip(path, why);
        }
        if keys.is_empty() {
            return;
        }
        let expected = Yaml::List(keys.iter().map(|key| scalar(*key)).collect());
        let given = Yaml::Map(
            keys.iter()
                .map(|key| ((*key).to_owned(), scalar(SET)))
                .collect(),
        );
        let expect = map(name, expected);
        self.rule(
            (id, title, "low"),
            if path == name {
                expect
            } else {
                map("api", expect)
            },
            true,
        );
        if path == name {
            &mut self.stage
        } else {
            &mut self.api
        }
        .push((name.to_owned(), given));
    }

    fn endpoint(&mut self) {
        let Row { name, path, .. } = api::DISABLE_ENDPOINT;
        let value = self.document.value(api::DISABLE_ENDPOINT);
        if self.stated(path, value) && *value == Value::Boolean(true) {
            let rule = (
                "endpoint-closed",
                "The default endpoint is closed",
                "medium",
            );
            self.rule(rule, map("api", map(name, scalar(true))), true);
            self.api.push((name.to_owned(), scalar(true)));
        }
    }

    fn cors(&mut self) {
        if self.document.protocol() != Some(Protocol::Http) {
            return;
        }
        let of = api::CORS_CONFIGURATION.name;
        let cors = self.document.value(api::CORS_CONFIGURATION);
        if !self.stated(api::CORS_CONFIGURATION.path, cors) || cors.is_unset() {
            return;
        }
        let (mut expect, mut given) = (Vec::new(), Vec::new());
        let credentials = cors.member(api::ALLOW_CREDENTIALS.at);
        if matches!(credentials, Value::Unset | Value::Boolean(false)) {
            expect.push((api::ALLOW_CREDENTIALS.name.to_owned(), scalar(false)));
        }
        for Row { name, path, at } in [api::ALLOW_HEADERS, api::ALLOW_METHODS, api::ALLOW_ORIGINS] {
            let Value::List(elements) = cors.member(at) else {
                continue;
            };
            let texts: Vec<&str> = elements.iter().filter_map(Value::as_text).collect();
            let general: Vec<General> = texts.iter().map(|text| self.general.text(text)).collect();
            // A `*` is one of the forms that AWS takes, or the text is not AWS's.
            let copied = |(text, general): (&&str, &General)| {
                general.is_exact()
                    && self.general.is_clean(text, general)
                    && (!text.contains('*') || ["http://*", "https://*"].contains(text))
            };
            if texts.contains(&"*") {
                self.skip(path, "`*` is not a limit");
            } else if texts.iter().any(|text| looks_secret("", text)) {
                self.skip(path, "a value looks like a secret");
            } else if texts.len() < elements.len() || !texts.iter().zip(&general).all(copied) {
                self.skip(path, "a value that cannot be copied");
            } else if !texts.is_empty() {
                let one_of = Yaml::List(general.iter().map(General::literal).collect());
                expect.push((name.to_owned(), map("each", one_of)));
                let example = general
                    .iter()
                    .map(|text| scalar(&text.example(self.stage_name())));
                given.push((name.to_owned(), Yaml::List(example.collect())));
            }
        }
        if !expect.is_empty() {
            let rule = (
                "cors",
                "Other origins may do no more than they may today",
                "high",
            );
            self.rule(rule, map("api", map(of, Yaml::Map(expect))), false);
            if !given.is_empty() {
                self.api.push((of.to_owned(), Yaml::Map(given)));
            }
        }
    }
}

/// The pattern for each route.
fn each_route(row: Row, expected: Yaml) -> Yaml {
    map(EACH_ROUTE.name, map(row.name, expected))
}

/// The settings of a route that are set, for an example.
fn settings(value: &Value<'_>) -> Yaml {
    let set = ROUTE_SETTINGS.iter().enumerate().filter_map(|(at, field)| {
        let value = match value.member(at) {
            Value::Boolean(value) => scalar(*value),
            Value::Integer(value) => scalar(*value),
            Value::Number(value) => scalar(*value),
            Value::Text(text) if !looks_secret("", text) => scalar(text.as_ref()),
            _ => return None,
        };
        Some((field.name.to_owned(), value))
    });
    Yaml::Map(set.collect())
}
