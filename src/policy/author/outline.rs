//! A pattern as an outline in words, setting by setting, for people who read a rule. It knows no stage.

use crate::model::catalogue::Field;
use crate::model::protocol::Protocols;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::words::some_key;

/// One line of an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineLine {
    /// Steps below the outermost lines.
    pub depth: usize,
    /// The text.
    pub text: String,
}

/// The outline of a pattern at a place of the document; the empty one is its top.
#[must_use]
pub fn outline(pattern: &Pattern, place: &str) -> Vec<OutlineLine> {
    let mut lines = Vec::new();
    PatternPlace {
        label: place.to_owned(),
        on: Protocols::ALL,
    }
    .walk(pattern, 0, &mut lines);
    lines
}

/// The place of a part of a pattern.
struct PatternPlace {
    label: String,
    /// The protocols that have every field on the way.
    on: Protocols,
}

impl PatternPlace {
    fn below(&self, name: &str, field: &Field) -> Self {
        let dot = if self.label.is_empty() { "" } else { "." };
        let on = self.on.and(field.on);
        Self {
            label: format!("{}{dot}{name}", self.label),
            on,
        }
    }

    fn walk(&self, pattern: &Pattern, depth: usize, out: &mut Vec<OutlineLine>) {
        if let Some(demand) = pattern.demand() {
            out.push(self.line(depth, &demand));
            return;
        }
        match pattern {
            Pattern::Top { field, inner, .. } | Pattern::Member { field, inner, .. } => {
                self.below(field.name, field).walk(inner, depth, out);
            }
            Pattern::Entry { key, field, inner } => self.below(key, field).walk(inner, depth, out),
            Pattern::Entries {
                written,
                field,
                inner,
                ..
            } => {
                let below = self.below(written, field);
                Self {
                    label: format!("every {}", below.label),
                    ..below
                }
                .walk(inner, depth, out);
            }
            Pattern::SomeEntry {
                written, present, ..
            } => out.push(self.line(depth, &some_key(written, *present))),
            Pattern::All(of) => {
                for part in of {
                    self.walk(part, depth, out);
                }
            }
            Pattern::Any(of, _) => self.alternatives("any of these", of.iter(), depth, out),
            Pattern::Not(inner, _) => match &**inner {
                Pattern::Any(of, _) => self.alternatives("none of these", of.iter(), depth, out),
                one => self.alternatives("not so", std::iter::once(one), depth, out),
            },
            // It has a demand on one line.
            Pattern::Tests(_) => {}
        }
    }

    /// Patterns one below the other, each with a dash.
    fn alternatives<'p>(
        &self,
        words: &str,
        of: impl Iterator<Item = &'p Pattern>,
        depth: usize,
        out: &mut Vec<OutlineLine>,
    ) {
        out.push(OutlineLine {
            depth,
            text: words.to_owned(),
        });
        for pattern in of {
            let mut lines = Vec::new();
            self.walk(pattern, 0, &mut lines);
            let several = lines.iter().filter(|line| line.depth == 0).count() > 1;
            if several {
                out.push(OutlineLine {
                    depth: depth + 1,
                    text: "- all of this together".to_owned(),
                });
            }
            for line in lines {
                let dash = if line.depth == 0 && !several {
                    "- "
                } else {
                    ""
                };
                let depth = depth + 1 + line.depth + usize::from(several);
                out.push(OutlineLine {
                    depth,
                    text: format!("{dash}{}", line.text),
                });
            }
        }
    }

    fn line(&self, depth: usize, demand: &str) -> OutlineLine {
        let label = if self.label.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.label)
        };
        let only = (self.on != Protocols::ALL).then(|| format!(" (only {})", self.on.words()));
        let only = only.unwrap_or_default();
        OutlineLine {
            depth,
            text: format!("{label}{demand}{only}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::load;
    use crate::policy::text::diagnostic::SourceText;

    fn of(expect: &str) -> Vec<String> {
        let text = format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n"
        );
        let policies = load(vec![Arc::new(SourceText {
            name: "p.yaml".into(),
            text,
        })])
        .unwrap();
        let lines = outline(policies.policies[0].rules[0].expect.as_ref().unwrap(), "");
        lines
            .into_iter()
            .map(|line| format!("{}{}", "  ".repeat(line.depth), line.text))
            .collect()
    }

    #[test]
    fn every_form_has_its_words() {
        for (expect, lines) in [
            ("{AutoDeploy: false}", vec!["AutoDeploy: false"]),
            ("{Description: [a, b]}", vec!["Description: one of a, b"]),
            (
                "{StageName: \"${api.Name}\"}",
                vec!["StageName: ${api.Name}"],
            ),
            (
                "{DefaultRouteSettings: {ThrottlingBurstLimit: {min: 1, max: 5, not: 3}, LoggingLevel: INFO}}",
                vec![
                    "DefaultRouteSettings.ThrottlingBurstLimit: at least 1, at most 5, not 3",
                    "DefaultRouteSettings.LoggingLevel: INFO (only WebSocket APIs)",
                ],
            ),
            (
                "{Description: {any-of: [x, {like: \"${region}*\"}]}}",
                vec!["Description: either x or like ${region}*"],
            ),
            (
                "{Description: {not: [x, {like: \"y*\"}]}}",
                vec!["Description: neither x nor like y*"],
            ),
            (
                "{DefaultRouteSettings: {ThrottlingBurstLimit: {not: {min: 1, max: 5}}}}",
                vec!["DefaultRouteSettings.ThrottlingBurstLimit: not all of at least 1, at most 5"],
            ),
            (
                "{Tags: {owner: {present: true}, \"t-*\": {not: x}, \"u-*\": {present: false}}}",
                vec![
                    "Tags.owner: present",
                    "every Tags.t-*: not x",
                    "Tags: no key like u-*",
                ],
            ),
            (
                "{Tags: [\"team-*\"]}",
                vec!["Tags: at least one key like team-*"],
            ),
            (
                "{api: {CorsConfiguration: {AllowOrigins: {each: {not: {like: \"http:*\"}}}}}}",
                vec![
                    "api.CorsConfiguration.AllowOrigins: every element not like http:* (only HTTP APIs)",
                ],
            ),
            (
                "{any-of: [{AutoDeploy: false}, {Tags: {tier: x}, StageName: y}]}",
                vec![
                    "any of these",
                    "  - AutoDeploy: false",
                    "  - all of this together",
                    "    Tags.tier: x",
                    "    StageName: y",
                ],
            ),
            (
                "{not: [{AutoDeploy: true}, {any-of: [{StageName: x}, {StageName: y}]}]}",
                vec![
                    "none of these",
                    "  - AutoDeploy: true",
                    "  - any of these",
                    "    - StageName: x",
                    "    - StageName: y",
                ],
            ),
            (
                "{not: {AutoDeploy: true}}",
                vec!["not so", "  - AutoDeploy: true"],
            ),
        ] {
            assert_eq!(of(expect), lines, "{expect}");
        }
    }
}
