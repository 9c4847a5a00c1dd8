//! What flags and the run file change of loaded policies: severities, rules that are off, values. It must not know how
//! a policy is compiled.

use std::ops::Range;
use std::sync::Arc;

use super::builtin;
use super::policies::Policies;
use super::rule::severity_of;
use super::values::{Replacement, refused};
use crate::model::finding::{Setting, Tuned};
use crate::policy::language::glob::Glob;
use crate::policy::text::diagnostic::{Diagnostic, Problems, SourceText, nearest};
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// The keys of a run file that hold such changes, and the flags of the same names.
pub const KEYS: [&str; 2] = ["rule", "set"];

/// The changes of one run.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    rules: Vec<(RuleSetting, Place)>,
    values: Vec<(Replacement, Place)>,
}

/// Another severity for the rules that a glob fits.
#[derive(Debug, Clone)]
struct RuleSetting {
    rule: String,
    setting: Setting,
}

/// The place of a change, for messages.
#[derive(Debug, Clone)]
struct Place {
    file: Arc<SourceText>,
    span: Range<usize>,
}

impl Tuning {
    /// Reads the values of `--rule` and `--set`.
    ///
    /// # Errors
    /// Every mistake in them, in order.
    pub fn of_flags(rules: &[String], values: &[String]) -> Result<Self, Vec<Diagnostic>> {
        let mut tuning = Self::default();
        let mut mistakes = Vec::new();
        for (flag, texts) in [("rule", rules), ("set", values)] {
            for text in texts {
                let mut problems = flag_problems(flag, text);
                let whole = 0..text.len();
                tuning.of_text(flag, text, &whole, &mut problems);
                mistakes.extend(problems.into_sorted());
            }
        }
        if mistakes.is_empty() {
            Ok(tuning)
        } else {
            Err(mistakes)
        }
    }

    /// Reads a key of a run file: a mapping of names, or texts as its flag takes them.
    pub fn read(&mut self, entry: &Entry, problems: &mut Problems) {
        let (key, value) = (entry.key.as_str(), &entry.value);
        match &value.data {
            Data::Map(entries) if !entries.is_empty() => {
                for entry in entries {
                    self.of_entry(key, entry, problems);
                }
            }
            Data::Text(text) => self.of_text(key, text, &value.span, problems),
            Data::List(nodes) if !nodes.is_empty() => {
                for node in nodes {
                    if let Data::Text(text) = &node.data {
                        self.of_text(key, text, &node.span, problems);
                    } else {
                        note_form(key, node, problems);
                    }
                }
            }
            _ => note_form(key, value, problems),
        }
    }

    fn of_entry(&mut self, key: &str, entry: &Entry, problems: &mut Problems) {
        if key == "set" {
            let (line, _) = problems.file.position(entry.key_span.start);
            let origin = format!("{}:{line}", problems.file.name);
            let node = refused(entry.value.clone(), problems);
            self.add_value(&entry.key, &entry.key_span, (node, origin), problems);
        } else if let Data::Text(text) = &entry.value.data {
            self.add_rule(
                (&entry.key, &entry.key_span),
                (text, &entry.value.span),
                problems,
            );
        } else {
            let title = format!(
                "a rule is off or has a severity, and this is {}",
                entry.value.kind()
            );
            let help = format!("write `{}: off`, or `{0}: high`", entry.key);
            problems.note(&entry.value.span, title, "not a severity", [help]);
        }
    }

    /// Reads `NAME=VALUE`, the value of a flag.
    fn of_text(&mut self, flag: &str, text: &str, span: &Range<usize>, problems: &mut Problems) {
        let Some((name, value)) = text.split_once('=') else {
            let title = format!("`{text}` has no value");
            let help = format!("write {}", form(flag));
            problems.note(span, title, "an `=` is missing", [help]);
            return;
        };
        let part = |from: usize, to: usize| problems.part_of(span, text, &(from..to));
        let name_span = part(0, name.len());
        let value_span = part(name.len() + 1, text.len());
        if flag == "rule" {
            self.add_rule((name, &name_span), (value, &value_span), problems);
            return;
        }
        let title = format!("`{name}` has no value");
        if value.trim().is_empty() {
            let help = format!("write {}", form(flag));
            problems.note(span, title, "nothing behind the `=`", [help]);
            return;
        }
        // A text of its own: a place in it is a place in YAML.
        let mut of_value = flag_problems(&format!("set {name}"), value);
        let node = yaml::read(&mut of_value).map(|node| refused(node, &mut of_value));
        let mistakes = of_value.into_sorted();
        match node.filter(|_| mistakes.is_empty()) {
            Some(node) => {
                let place = (node, "--set".to_owned());
                self.add_value(name, &name_span, place, problems);
            }
            None => problems.extend(mistakes),
        }
    }

    fn add_rule(
        &mut self,
        (rule, rule_span): (&str, &Range<usize>),
        (setting, span): (&str, &Range<usize>),
        problems: &mut Problems,
    ) {
        let setting = match setting {
            "off" => Some(Setting::Off),
            text => severity_of(text, span, &["off"], problems).map(Setting::Severity),
        };
        if self.rules.iter().any(|(one, _)| one.rule == rule) {
            note_twice(rule, rule_span, problems);
        }
        if let Some(setting) = setting {
            let rule = rule.to_owned();
            let place = Place::of(rule_span, problems);
            self.rules.push((RuleSetting { rule, setting }, place));
        }
    }

    fn add_value(
        &mut self,
        written: &str,
        span: &Range<usize>,
        (node, origin): (Node, String),
        problems: &mut Problems,
    ) {
        let Some((policy, name)) = written.split_once('/') else {
            let title = format!("`{written}` names no policy");
            let help = format!("write {}", form("set"));
            problems.note(span, title, "the name of a value is POLICY/NAME", [help]);
            return;
        };
        if node.data == Data::Null {
            let title = format!("`{written}` has no value");
            problems.note(span, title, "a value is needed", []);
        }
        let is_same = |one: &Replacement| one.policy == policy && one.name == name;
        if self.values.iter().any(|(one, _)| is_same(one)) {
            note_twice(written, span, problems);
        }
        let replacement = Replacement {
            policy: policy.to_owned(),
            name: name.to_owned(),
            node,
            origin,
        };
        let place = Place::of(span, problems);
        self.values.push((replacement, place));
    }

    /// These changes over those of the run file, where both name the same.
    #[must_use]
    pub fn over(self, file: &Self) -> Self {
        let is_ours = |one: &Replacement| {
            self.values
                .iter()
                .any(|(ours, _)| ours.policy == one.policy && ours.name == one.name)
        };
        let below: Vec<_> = file
            .values
            .iter()
            .filter(|(one, _)| !is_ours(one))
            .cloned()
            .collect();
        let rules = file.rules.iter().cloned().chain(self.rules);
        let rules: Vec<_> = rules.collect();
        let values = below.into_iter().chain(self.values).collect();
        Self { rules, values }
    }

    /// The values that replace those of a policy.
    #[must_use]
    pub fn values_of(&self, policy: &str) -> Vec<&Replacement> {
        let of_policy = self.values.iter().filter(|(one, _)| one.policy == policy);
        of_policy.map(|(one, _)| one).collect()
    }

    /// Gives the rules their severities, and takes out those that are off. The last change that fits a rule counts.
    ///
    /// # Errors
    /// Every name that no loaded policy has.
    pub fn apply(&self, policies: &mut Policies) -> Result<(), Vec<Diagnostic>> {
        let mistakes = self.unknown(policies);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let globs: Vec<(Glob, Setting)> = self
            .rules
            .iter()
            .map(|(one, _)| (Glob::of(&one.rule), one.setting))
            .collect();
        for policy in &mut policies.policies {
            for rule in &mut policy.rules {
                let fitting = globs.iter().rev();
                let mut fitting = fitting.filter(|(glob, _)| glob.fits(&rule.facts.name));
                let Some((_, setting)) = fitting.next() else {
                    continue;
                };
                let facts = &mut rule.facts;
                let tuned = facts.tuned.get_or_insert_with(|| Tuned::of(facts.severity));
                tuned.setting = Some(*setting);
                if let Setting::Severity(severity) = setting {
                    facts.severity = *severity;
                }
            }
            let off = policy.rules.extract_if(.., |rule| rule.facts.is_off());
            policies.off.extend(off.map(|rule| rule.facts));
        }
        policies.off.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// The names that no loaded policy has.
    fn unknown(&self, policies: &Policies) -> Vec<Diagnostic> {
        let names: Vec<&str> = policies.rules().map(|rule| &*rule.facts.name).collect();
        let mut mistakes = Vec::new();
        for (RuleSetting { rule, .. }, place) in &self.rules {
            let glob = Glob::of(rule);
            if names.iter().any(|name| glob.fits(name)) {
                continue;
            }
            let verb = if Glob::is_glob(rule) {
                "fits"
            } else {
                "is called"
            };
            let title = format!("no rule {verb} `{rule}`");
            let meant = nearest(rule, names.iter().copied());
            mistakes.push(place.mistake(title, meant, policies, rule, "driftgate policy list"));
        }
        let values: Vec<String> = policies
            .policies
            .iter()
            .flat_map(|policy| {
                let named = policy.values.iter();
                named.map(|(name, _)| format!("{}/{name}", policy.name))
            })
            .collect();
        for (value, place) in &self.values {
            let written = format!("{}/{}", value.policy, value.name);
            if values.contains(&written) {
                continue;
            }
            let title = format!("no policy has a value `{written}`");
            let meant = nearest(&written, values.iter().map(String::as_str));
            mistakes.push(place.mistake(title, meant, policies, &written, "driftgate policy list"));
        }
        mistakes
    }
}

impl Place {
    fn of(span: &Range<usize>, problems: &Problems) -> Self {
        Self {
            file: Arc::clone(&problems.file),
            span: span.clone(),
        }
    }

    /// The mistake that a name of the form POLICY/NAME is unknown.
    fn mistake(
        &self,
        title: String,
        meant: Option<&str>,
        policies: &Policies,
        written: &str,
        list: &str,
    ) -> Diagnostic {
        let policy = written.split('/').next().unwrap_or_default();
        let is_loaded = policies.policies.iter().any(|one| one.name == policy);
        let label = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "not in the policies of this run".to_owned(),
        };
        let help = if !is_loaded && builtin::pack(policy).is_some() {
            format!("to use the pack, add `--policy builtin:{policy}`")
        } else {
            let named: Vec<&str> = policies.policies.iter().map(|one| &*one.name).collect();
            let shown = named
                .iter()
                .take(10)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            let more = if named.len() > 10 { ", …" } else { "" };
            format!("`{list}` shows the names; policies of this run: {shown}{more}")
        };
        Diagnostic {
            file: Arc::clone(&self.file),
            span: self.file.first_line(&self.span),
            title,
            label,
            help: vec![help],
        }
    }
}

fn flag_problems(flag: &str, text: &str) -> Problems {
    Problems::new(Arc::new(SourceText {
        name: format!("--{flag}"),
        text: text.to_owned(),
    }))
}

/// The form of a flag's value, with an example.
fn form(flag: &str) -> &'static str {
    if flag == "rule" {
        "POLICY/RULE=off or POLICY/RULE=SEVERITY, for example foundation/tagged=high"
    } else {
        "POLICY/NAME=VALUE, for example 'production/stages=[prod, live]'"
    }
}

fn note_form(key: &str, node: &Node, problems: &mut Problems) {
    let title = format!("`{key}` is a mapping of names, and this is {}", node.kind());
    let help = if key == "rule" {
        "write `rule: {foundation/tagged: high}`"
    } else {
        "write `set: {production/stages: [prod, live]}`"
    };
    problems.note(&node.span, title, "names are needed", [help.to_owned()]);
}

fn note_twice(name: &str, span: &Range<usize>, problems: &mut Problems) {
    let title = format!("`{name}` is given twice");
    let help = "remove one of them".to_owned();
    problems.note(span, title, "the second time", [help]);
}
