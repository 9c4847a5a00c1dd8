//! A good stage, changed one setting at a time: every way in which it could be worse, by the catalogue. Pure; it must
//! not know what rules say of it.

use std::borrow::Cow;

use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, Kind, ROUTE_SETTINGS, STAGE_FIELD, stage};
use crate::model::protocol::Protocol;
use crate::model::value::{UNSET, Value};
use crate::policy::language::value::resolve;
use crate::policy::read::example::Example;

/// The key of a route that no example has.
const NEW_ROUTE: &str = "ANY /a-new-route";
/// A text that no example has.
const OTHER_TEXT: &str = "another text";

/// One change of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutation {
    /// The setting, as a violation names it; the routes that a change adds are `*`.
    pub path: String,
    /// The setting as the catalogue names it: without the keys of maps.
    pub field: String,
    /// The change, in words.
    pub change: Cow<'static, str>,
    /// The members and keys that lead to it.
    steps: Vec<String>,
    /// The new value; `None` when the setting is removed.
    value: Option<Value<'static>>,
}

/// Every change of an example, in the order of the catalogue.
#[must_use]
pub fn mutations(example: &Example) -> Vec<Mutation> {
    let protocol = example.document().protocol().unwrap_or(Protocol::Http);
    let mut walk = Walk {
        protocol,
        steps: Vec::new(),
        names: Vec::new(),
        shown: Vec::new(),
        found: Vec::new(),
    };
    walk.members(&STAGE_FIELD, &example.stage);
    walk.below("api", Some("api"), "api", |walk| {
        walk.members(&API_FIELD, &example.api);
    });
    let defaults = example.stage.member(stage::DEFAULT_ROUTE.at);
    walk.new_route(defaults);
    walk.found
}

impl Mutation {
    /// The changed API and stage of the example.
    #[must_use]
    pub fn of(&self, example: &Example) -> (Value<'static>, Value<'static>) {
        let (mut api, mut stage) = (example.api.clone(), example.stage.clone());
        match self.steps.split_first() {
            Some((first, rest)) if first == API_FIELD.name => {
                api.put(&API_FIELD, rest, self.value.clone());
            }
            _ => stage.put(&STAGE_FIELD, &self.steps, self.value.clone()),
        }
        (api, stage)
    }

    /// The changed example, as rules see it.
    #[must_use]
    pub fn document<'d>(
        &self,
        example: &'d Example,
        (api, stage): &'d (Value<'static>, Value<'static>),
    ) -> Document<'d> {
        Document {
            api,
            stage,
            ..example.document()
        }
    }
}

struct Walk {
    protocol: Protocol,
    steps: Vec<String>,
    names: Vec<&'static str>,
    shown: Vec<String>,
    found: Vec<Mutation>,
}

impl Walk {
    /// One step down: the segment, its name in the catalogue where it has one, and how it is shown.
    fn below(
        &mut self,
        step: &str,
        name: Option<&'static str>,
        shown: &str,
        then: impl FnOnce(&mut Self),
    ) {
        self.steps.push(step.to_owned());
        self.shown.push(shown.to_owned());
        self.names.extend(name);
        then(self);
        self.steps.pop();
        self.shown.pop();
        if name.is_some() {
            self.names.pop();
        }
    }

    fn becomes(&mut self, change: impl Into<Cow<'static, str>>, value: Option<Value<'static>>) {
        let (path, field) = (self.shown.join("."), self.names.join("."));
        self.found.push(Mutation {
            path,
            field,
            change: change.into(),
            steps: self.steps.clone(),
            value,
        });
    }

    fn members(&mut self, field: &'static Field, value: &Value<'static>) {
        let protocol = self.protocol;
        for (at, member) in field
            .members()
            .iter()
            .enumerate()
            .filter(|(_, member)| member.on.include(protocol))
        {
            self.below(member.name, Some(member.name), member.name, |walk| {
                walk.setting(member, value.member(at));
            });
        }
    }

    fn setting(&mut self, field: &'static Field, value: &Value<'static>) {
        match field.kind {
            Kind::Struct(_) => {
                if !value.is_unset() {
                    self.becomes("unset", None);
                }
                self.members(field, value);
            }
            Kind::Map(of) => self.map(of, value),
            Kind::List(_) => {
                let Value::List(elements) = value else {
                    return self.becomes(
                        "`*` added",
                        Some(Value::List(Box::from([Value::text("*")]))),
                    );
                };
                if !elements.contains(&Value::text("*")) {
                    let more = elements.iter().cloned().chain([Value::text("*")]);
                    self.becomes("`*` added", Some(Value::List(more.collect())));
                }
                if !elements.is_empty() {
                    self.becomes("emptied", Some(Value::List(Box::default())));
                }
            }
            _ => {
                self.scalar(field, value);
                let may_be_unset = !matches!(field.kind, Kind::Boolean | Kind::OneOf(_));
                if may_be_unset && !value.is_unset() {
                    self.becomes("unset", None);
                }
            }
        }
    }

    /// Every other value of a scalar that is worth trying.
    fn scalar(&mut self, field: &'static Field, value: &Value<'static>) {
        let was = resolve(field, value);
        match field.kind {
            Kind::Boolean => {
                let flipped = *was != Value::Boolean(true);
                self.becomes(flipped.to_string(), Some(Value::Boolean(flipped)));
            }
            Kind::Integer | Kind::Number => {
                if was.as_number().is_none_or(|number| number.abs() > 0.0) {
                    self.becomes("0", Some(Value::Integer(0)));
                }
                match was {
                    Value::Integer(number) if *number != 0 => {
                        self.becomes(
                            "times 1000",
                            Some(Value::Integer(number.saturating_mul(1000))),
                        );
                    }
                    Value::Number(number) if number.abs() > 0.0 => {
                        self.becomes("times 1000", Some(Value::Number(number * 1000.0)));
                    }
                    _ => {}
                }
            }
            Kind::OneOf(names) => {
                for name in names.iter().filter(|name| was.as_text() != Some(name)) {
                    self.becomes(*name, Some(Value::text(*name)));
                }
            }
            Kind::Text if was.as_text() != Some(OTHER_TEXT) => {
                self.becomes(OTHER_TEXT, Some(Value::text(OTHER_TEXT)));
            }
            Kind::Text | Kind::Struct(_) | Kind::Map(_) | Kind::List(_) => {}
        }
    }

    fn map(&mut self, of: &'static Field, value: &Value<'static>) {
        for (key, value) in value.entries() {
            self.below(key, None, key, |walk| {
                walk.becomes("removed", None);
                if !value.is_unset() {
                    walk.becomes("emptied", Some(Value::Unset));
                }
                if let Kind::Struct(_) = of.kind {
                    walk.members(of, value);
                } else {
                    walk.scalar(of, value);
                }
            });
        }
    }

    /// A route that overrides one setting of the stage's default.
    fn new_route(&mut self, defaults: &Value<'static>) {
        let routes = stage::ROUTES.name;
        self.below(routes, Some(routes), routes, |walk| {
            walk.below(NEW_ROUTE, None, "*", |walk| {
                for (at, field) in ROUTE_SETTINGS.iter().enumerate() {
                    if field.on.include(walk.protocol) {
                        let in_force = if defaults.is_unset() {
                            &UNSET
                        } else {
                            defaults.member(at)
                        };
                        walk.below(field.name, Some(field.name), field.name, |walk| {
                            walk.scalar(field, in_force);
                        });
                    }
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::catalogue::STAGE;
    use crate::model::value::Written;
    use crate::policy::load;
    use crate::policy::text::diagnostic::SourceText;

    fn example(given: &str) -> Example {
        let text = format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {{AutoDeploy: true}}}}\n\
             tests:\n  - {{name: n, given: {given}, violates: []}}\n"
        );
        let file = Arc::new(SourceText {
            name: "p.yaml".into(),
            text,
        });
        load(vec![file]).unwrap().policies.remove(0).tests.remove(0)
    }

    /// The changes of the settings whose path begins so, and the stage or API that comes of each.
    fn changes(given: &str, path: &str) -> Vec<String> {
        let example = example(given);
        let of_path = mutations(&example)
            .into_iter()
            .filter(|mutation| mutation.path.starts_with(path));
        let shown = |mutation: Mutation| {
            let (api, stage) = mutation.of(&example);
            let (field, value) = if path.starts_with("api") {
                (&API_FIELD, &api)
            } else {
                (&STAGE_FIELD, &stage)
            };
            let json = serde_json::to_string(&Written { field, value })
                .unwrap()
                .replace('"', "");
            format!("{} {}: {json}", mutation.path, mutation.change)
        };
        of_path.map(shown).collect()
    }

    #[test]
    fn each_kind_of_setting_is_changed_in_its_ways() {
        for (given, path, expected) in [
            (
                "{AutoDeploy: true}",
                "AutoDeploy",
                &["AutoDeploy false: {AutoDeploy:false}"] as &[&str],
            ),
            ("{}", "AutoDeploy", &["AutoDeploy true: {AutoDeploy:true}"]),
            (
                "{Description: a}",
                "Description",
                &[
                    "Description another text: {Description:another text}",
                    "Description unset: {}",
                ],
            ),
            (
                "{}",
                "Description",
                &["Description another text: {Description:another text}"],
            ),
            (
                "{DefaultRouteSettings: {ThrottlingBurstLimit: 5}}",
                "DefaultRouteSettings.ThrottlingBurstLimit",
                &[
                    "DefaultRouteSettings.ThrottlingBurstLimit 0: {DefaultRouteSettings:{ThrottlingBurstLimit:0}}",
                    "DefaultRouteSettings.ThrottlingBurstLimit times 1000: {DefaultRouteSettings:{ThrottlingBurstLimit:5000}}",
                    "DefaultRouteSettings.ThrottlingBurstLimit unset: {DefaultRouteSettings:{}}",
                ],
            ),
            (
                "{}",
                "DefaultRouteSettings",
                &[
                    "DefaultRouteSettings.DetailedMetricsEnabled true: {DefaultRouteSettings:{DetailedMetricsEnabled:true}}",
                    "DefaultRouteSettings.ThrottlingBurstLimit 0: {DefaultRouteSettings:{ThrottlingBurstLimit:0}}",
                    "DefaultRouteSettings.ThrottlingRateLimit 0: {DefaultRouteSettings:{ThrottlingRateLimit:0}}",
                ],
            ),
            (
                "{api: {ProtocolType: WEBSOCKET}, DefaultRouteSettings: {LoggingLevel: ERROR}}",
                "DefaultRouteSettings.LoggingLevel",
                &[
                    "DefaultRouteSettings.LoggingLevel INFO: {DefaultRouteSettings:{LoggingLevel:INFO}}",
                    "DefaultRouteSettings.LoggingLevel OFF: {DefaultRouteSettings:{LoggingLevel:OFF}}",
                ],
            ),
            (
                "{Tags: {owner: me}}",
                "Tags",
                &[
                    "Tags.owner removed: {Tags:{}}",
                    "Tags.owner emptied: {Tags:{owner:}}",
                    "Tags.owner another text: {Tags:{owner:another text}}",
                ],
            ),
            (
                "{AccessLogSettings: {Format: f}}",
                "AccessLogSettings",
                &[
                    "AccessLogSettings unset: {}",
                    "AccessLogSettings.DestinationArn another text: {AccessLogSettings:{DestinationArn:another text,Format:f}}",
                    "AccessLogSettings.Format another text: {AccessLogSettings:{Format:another text}}",
                    "AccessLogSettings.Format unset: {AccessLogSettings:{}}",
                ],
            ),
            (
                "{DefaultRouteSettings: {ThrottlingRateLimit: 2.5}}",
                "RouteSettings",
                &[
                    "RouteSettings.*.DetailedMetricsEnabled true: {DefaultRouteSettings:{ThrottlingRateLimit:2.5},RouteSettings:{ANY /a-new-route:{DetailedMetricsEnabled:true}}}",
                    "RouteSettings.*.ThrottlingBurstLimit 0: {DefaultRouteSettings:{ThrottlingRateLimit:2.5},RouteSettings:{ANY /a-new-route:{ThrottlingBurstLimit:0}}}",
                    "RouteSettings.*.ThrottlingRateLimit 0: {DefaultRouteSettings:{ThrottlingRateLimit:2.5},RouteSettings:{ANY /a-new-route:{ThrottlingRateLimit:0}}}",
                    "RouteSettings.*.ThrottlingRateLimit times 1000: {DefaultRouteSettings:{ThrottlingRateLimit:2.5},RouteSettings:{ANY /a-new-route:{ThrottlingRateLimit:2500.0}}}",
                ],
            ),
            (
                "{api: {CorsConfiguration: {AllowOrigins: [a]}}}",
                "api.CorsConfiguration.AllowOrigins",
                &[
                    "api.CorsConfiguration.AllowOrigins `*` added: {CorsConfiguration:{AllowOrigins:[a,*]},ProtocolType:HTTP}",
                    "api.CorsConfiguration.AllowOrigins emptied: {CorsConfiguration:{AllowOrigins:[]},ProtocolType:HTTP}",
                ],
            ),
        ] {
            assert_eq!(changes(given, path), expected, "{path} of {given}");
        }
    }

    #[test]
    fn every_setting_of_the_protocol_is_changed_and_no_other() {
        let fields = |given: &str| -> Vec<String> {
            mutations(&example(given))
                .into_iter()
                .map(|mutation| mutation.field)
                .collect()
        };
        let (http, websocket) = (fields("{}"), fields("{api: {ProtocolType: WEBSOCKET}}"));
        for field in STAGE
            .iter()
            .filter(|field| !matches!(field.kind, Kind::Map(_)))
        {
            let begins = |fields: &[String]| {
                fields
                    .iter()
                    .any(|name| name.split('.').next() == Some(field.name))
            };
            assert_eq!(
                begins(&http),
                field.on.include(Protocol::Http),
                "{}",
                field.name
            );
            assert_eq!(
                begins(&websocket),
                field.on.include(Protocol::WebSocket),
                "{}",
                field.name
            );
        }
        assert!(websocket.contains(&"RouteSettings.LoggingLevel".to_owned()));
        assert!(!http.contains(&"RouteSettings.LoggingLevel".to_owned()));
    }

    #[test]
    fn every_change_makes_another_stage() {
        let given = "{StageName: prod, Tags: {a: b, c: ''}, RouteSettings: {GET /: {ThrottlingBurstLimit: 0}}, \
                     api: {Name: shop, Tags: {t: u}, CorsConfiguration: {AllowOrigins: ['*']}}}";
        let example = example(given);
        for mutation in mutations(&example) {
            assert_ne!(
                mutation.of(&example),
                (example.api.clone(), example.stage.clone()),
                "{mutation:?}"
            );
        }
    }
}
