//! The learned policy as text: its name, its rules and their examples.

use super::generalise::{EXAMPLE_API, EXAMPLE_NAME, General};
use super::writing::{Yaml, map, scalar};
use super::{LONGEST_NAME, Lesson};
use crate::model::catalogue::{Row, api, stage};

impl Lesson<'_> {
    /// The name of the policy, in kebab-case.
    fn name(&self) -> String {
        let part = |text: Option<&str>, otherwise: &str| {
            let text = text
                .filter(|text| self.general.may_copy(text))
                .unwrap_or_default();
            let words = text
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty());
            let mut kebab = words
                .map(str::to_ascii_lowercase)
                .collect::<Vec<_>>()
                .join("-");
            kebab.truncate(LONGEST_NAME);
            let kebab = kebab.trim_end_matches('-');
            if kebab.is_empty() {
                otherwise.to_owned()
            } else {
                kebab.to_owned()
            }
        };
        format!(
            "learned-from-{}-{}",
            part(self.document.api_name(), "api"),
            part(self.document.stage_name(), "stage")
        )
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::from(
            "# Learned from a stage as it was. Read it as a draft: delete what no one needs, say why the rest matters.\n",
        );
        out += &format!("policy: {}\n", self.name());
        out += "description: What a good stage was like when this was learned from it.\n";
        if Some(self.stage_name()) == self.document.stage_name() {
            out += "# Only stages of this name. For more, write a glob, as in `{like: \"prod*\"}`; for all, delete the line.\n";
            out += &format!(
                "match: {}\n",
                map(
                    stage::NAME.name,
                    General::of_text(self.stage_name()).pattern()
                )
                .flow()
            );
        }
        out += "rules:\n";
        for rule in &self.rules {
            out += &format!(
                "  - id: {}\n    title: {}\n    severity: {}\n",
                rule.id, rule.title, rule.severity
            );
            out += &map("expect", rule.expect.clone()).block(4);
        }
        if !self.skipped.is_empty() {
            out += "# Not learned:\n";
            for line in &self.skipped {
                out += &format!("#   {line}\n");
            }
        }
        out += "tests:\n";
        self.example(
            &mut out,
            "a stage like the one that this was learned from conforms",
            true,
        );
        if self.rules.iter().any(|rule| rule.bare_violates) {
            self.example(&mut out, "a stage on which nothing is set does not", false);
        }
        out
    }

    fn example(&self, out: &mut String, name: &str, good: bool) {
        let named = |(key, _): &&(String, Yaml)| {
            good || key == stage::NAME.name || key == api::PROTOCOL.name
        };
        let mut given: Vec<_> = self.stage.iter().filter(named).cloned().collect();
        let mut api: Vec<_> = self.api.iter().filter(named).cloned().collect();
        let rules: String = self.rules.iter().map(|rule| rule.expect.flow()).collect();
        for (Row { name, path, .. }, value) in [(api::ID, EXAMPLE_API), (api::NAME, EXAMPLE_NAME)] {
            if good && rules.contains(&format!("${{{path}}}")) {
                api.push((name.to_owned(), scalar(value)));
            }
        }
        if !api.is_empty() {
            given.push(("api".to_owned(), Yaml::Map(api)));
        }
        let violated = self
            .rules
            .iter()
            .filter(|rule| !good && rule.bare_violates)
            .map(|rule| scalar(rule.id));
        let violated = Yaml::List(violated.collect());
        *out += &format!("  - name: {name}\n");
        *out += &map("given", Yaml::Map(given)).block(4);
        *out += &map("violates", violated).block(4);
    }
}
