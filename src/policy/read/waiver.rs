//! Waivers: violations that are known and tolerated until a day. Read in the language of policies; today's date is an
//! argument, and applying them is check's.

use std::sync::Arc;

use jiff::civil::Date;

use crate::model::catalogue::stage;
use crate::model::finding::WaiverFacts;
use crate::policy::language::fields::Fields;
use crate::policy::language::glob::Glob;
use crate::policy::language::pattern::Pattern;
use crate::policy::read::compile::{Compiler, Expectation, WAIVED};
use crate::policy::read::policies::{Policies, Rule};
use crate::policy::text::diagnostic::{Diagnostic, Problems, SourceText};
use crate::policy::text::keys::Keys;
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// Days before the end of a waiver on which reports begin to warn.
pub const SOON: i32 = 14;

/// The waivers of one run.
#[derive(Debug, Default)]
pub struct Waivers {
    /// In the order of their files.
    pub waivers: Vec<Waiver>,
}

/// One waiver.
#[derive(Debug)]
pub struct Waiver {
    /// Its description in reports.
    pub facts: WaiverFacts,
    /// The rules that it is about, by `policy/id`.
    pub rule: Glob,
    /// The stages and routes that it is about.
    pub selection: Pattern,
    /// The pattern that it tolerates; everything when `None`.
    pub accept: Option<Expectation>,
    /// Days until it ends, that of its end included: 0 on the last day, negative once it has expired.
    pub days_left: i32,
    /// The file, and the bytes of the glob in it.
    pub place: (Arc<SourceText>, std::ops::Range<usize>),
}

impl Waiver {
    /// True if it has an `accept`, and each of its rules can only be violated at no setting, as an `assert` or an `any-of`
    /// at the top is: an `accept` can name none of that.
    #[must_use]
    pub fn accepts_nothing(&self, policies: &Policies) -> bool {
        let at_a_setting = |rule: &Rule| {
            !rule.routes.is_empty()
                || rule
                    .expect
                    .as_ref()
                    .is_some_and(Pattern::may_fail_at_a_setting)
        };
        let mut rules = policies
            .rules()
            .filter(|rule| self.rule.fits(&rule.facts.name))
            .peekable();
        self.accept.is_some() && rules.peek().is_some() && !rules.any(at_a_setting)
    }

    fn fields(&self) -> Fields {
        let selection = Fields::of(&self.selection, "");
        let Some(accept) = &self.accept else {
            return selection;
        };
        let pattern = accept.pattern.iter().map(|pattern| Fields::of(pattern, ""));
        let routes = accept.routes.iter();
        let routes = routes.map(|(_, pattern)| Fields::of_route(pattern));
        let accepted = pattern.chain(routes).fold(Fields::default(), Fields::and);
        // The entry of a route is looked at with what it inherits.
        let of_routes = accepted
            .tested()
            .any(|field| field.starts_with(stage::ROUTES.name));
        let default = of_routes.then(|| stage::DEFAULT_ROUTE.name.to_owned());
        selection.and_tested(accepted.tested().map(str::to_owned).chain(default))
    }

    /// True once the last day has passed.
    #[must_use]
    pub const fn has_expired(&self) -> bool {
        self.days_left < 0
    }
}

impl Waivers {
    /// The fields that the waivers read.
    #[must_use]
    pub fn fields(&self) -> Fields {
        self.waivers
            .iter()
            .map(Waiver::fields)
            .fold(Fields::default(), Fields::and)
    }
}

/// Compiles the texts of waiver files, as they are on a day (in UTC).
///
/// # Errors
/// Every mistake in every text, in order.
pub fn load(texts: &[Arc<SourceText>], today: Date) -> Result<Waivers, Vec<Diagnostic>> {
    let (mut waivers, mut mistakes) = (Vec::new(), Vec::new());
    for text in texts {
        let mut problems = Problems::new(Arc::clone(text));
        if let Some(root) = yaml::read(&mut problems) {
            waivers.extend(file(&root, today, &mut problems));
        }
        mistakes.extend(problems.into_sorted());
    }
    if mistakes.is_empty() {
        Ok(Waivers { waivers })
    } else {
        Err(mistakes)
    }
}

/// Keys that only policies have.
pub const OF_A_POLICY: [&str; 6] = [
    "rules",
    "tests",
    "match",
    "description",
    "values",
    "replaces",
];

/// True if a file has `waivers`, and no key of a policy.
#[must_use]
pub fn is_waivers(text: &Arc<SourceText>) -> bool {
    // Most files are policies, which are read again anyway.
    if !text.text.contains("waivers") {
        return false;
    }
    let root = yaml::read(&mut Problems::new(Arc::clone(text)));
    let Some(Data::Map(entries)) = root.map(|root| root.data) else {
        return false;
    };
    entries.iter().any(|entry| entry.key == "waivers") && !entries.iter().any(is_of_a_policy)
}

fn is_of_a_policy(entry: &Entry) -> bool {
    entry.key == "policy" || OF_A_POLICY.contains(&entry.key.as_str())
}

/// True if the keys of a policy and `waivers` are in one file, which is noted: a command that reads the one would pass
/// over the other.
pub fn is_beside_a_policy(root: &Node, problems: &mut Problems) -> bool {
    let Data::Map(entries) = &root.data else {
        return false;
    };
    let waivers = entries.iter().find(|entry| entry.key == "waivers");
    let Some(waivers) = waivers.filter(|_| entries.iter().any(is_of_a_policy)) else {
        return false;
    };
    let help =
        "move the waivers to a file of their own, and name it with --waivers FILE".to_owned();
    let title = "a policy and waivers in one file";
    problems.note(
        &waivers.key_span,
        title,
        "an audit would read only one of them",
        [help],
    );
    true
}

fn file(root: &Node, today: Date, problems: &mut Problems) -> Vec<Waiver> {
    if is_beside_a_policy(root, problems) {
        return Vec::new();
    }
    if let Data::Map(entries) = &root.data
        && let Some(entry) = entries.iter().find(|entry| entry.key == "rules")
    {
        let help = format!("name the file with `--policy {}`", problems.file.name);
        problems.note(
            &entry.key_span,
            "this is a policy, not a file of waivers",
            "rules",
            [help],
        );
        return Vec::new();
    }
    let Some(keys) = Keys::of(root, "a file of waivers", &["waivers"], problems) else {
        return Vec::new();
    };
    let Some(entry) = keys.get("waivers") else {
        problems.note(
            &root.span,
            "the file has no `waivers`",
            "`waivers` is needed",
            [],
        );
        return Vec::new();
    };
    match &entry.value.data {
        // A team that waives nothing keeps its file.
        Data::List(nodes) => nodes
            .iter()
            .filter_map(|node| waiver(node, today, problems))
            .collect(),
        _ => {
            let title = format!("`waivers` is a list, and this is {}", entry.value.kind());
            let help =
                "each waiver begins with `- rule: …`; for none write `waivers: []`".to_owned();
            problems.note(&entry.value.span, title, "not a list", [help]);
            Vec::new()
        }
    }
}

fn waiver(node: &Node, today: Date, problems: &mut Problems) -> Option<Waiver> {
    const KEYS: [&str; 6] = ["rule", "match", "accept", "reason", "owner", "expires"];
    let keys = Keys::of(node, "a waiver", &KEYS, problems)?;
    let rule = keys.text("rule", node, "the waiver", problems);
    let selection = match keys.get("match") {
        Some(entry) => Compiler::new(problems).waived(&entry.value),
        None => {
            problems.note(
                &node.span,
                "the waiver has no `match`",
                "`match` is needed",
                [WAIVED.to_owned()],
            );
            None
        }
    };
    let accept = match keys.get("accept") {
        Some(entry) => Compiler::new(problems).expectation(&entry.value).map(Some),
        None => Some(None),
    };
    let reason = keys.text("reason", node, "the waiver", problems);
    let owner = keys.text("owner", node, "the waiver", problems);
    let expires = match keys.get("expires") {
        Some(entry) => date(entry, problems),
        None => {
            let help = "say until which day it holds: `expires: 2027-01-31`".to_owned();
            problems.note(
                &node.span,
                "the waiver has no `expires`",
                "`expires` is needed",
                [help],
            );
            None
        }
    };
    let ((rule, at), selection, accept) = (rule?, selection?, accept?);
    let ((reason, _), (owner, _), expires) = (reason?, owner?, expires?);
    let (line, _) = problems.file.position(at.span.start);
    Some(Waiver {
        facts: WaiverFacts {
            rule: rule.to_owned(),
            reason: reason.to_owned(),
            owner: owner.to_owned(),
            expires: expires.to_string(),
            file: problems.file.name.clone(),
            line,
        },
        rule: Glob::of(rule),
        selection,
        accept,
        days_left: (expires - today).get_days(),
        place: (Arc::clone(&problems.file), at.span.clone()),
    })
}

/// A day as `2027-01-31`, and nothing that could be read in two ways.
fn date(entry: &Entry, problems: &mut Problems) -> Option<Date> {
    let text = match &entry.value.data {
        Data::Text(text) => text.as_str(),
        _ => "",
    };
    let date = (text.len() == "2027-01-31".len())
        .then(|| text.parse::<Date>().ok())
        .flatten();
    if date.is_none() {
        let written = problems.written(&entry.value.span).to_owned();
        let title = format!("`{written}` is not a date");
        let help = "write year, month and day: `expires: 2027-01-31`".to_owned();
        problems.note(
            &entry.value.span,
            title,
            "a UTC day, the last on which the waiver holds",
            [help],
        );
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2027, 1, 31);

    fn loaded(waiver: &str) -> Result<Waivers, Vec<String>> {
        let text = SourceText {
            name: "w.yaml".into(),
            text: format!("waivers:\n  - {waiver}\n"),
        };
        load(&[Arc::new(text)], TODAY)
            .map_err(|found| found.into_iter().map(|one| one.title).collect())
    }

    fn titles(waiver: &str) -> Vec<String> {
        loaded(waiver).err().unwrap_or_default()
    }

    #[test]
    fn a_waiver_holds_through_its_last_day() {
        for (expires, left) in [
            ("2027-01-30", -1),
            ("2027-01-31", 0),
            ("2027-02-14", 14),
            ("2028-01-31", 365),
        ] {
            let waiver = format!(
                "{{rule: p/r, match: {{StageName: prod}}, reason: r, owner: o, expires: {expires}}}"
            );
            let waivers = loaded(&waiver).unwrap().waivers;
            assert_eq!(
                (waivers[0].days_left, waivers[0].has_expired()),
                (left, left < 0),
                "{expires}"
            );
            assert_eq!(waivers[0].facts.expires, expires);
        }
    }

    #[test]
    fn mistakes_are_told_all_at_once() {
        let rest = "reason: r, owner: o, expires: 2027-01-31";
        for (waiver, expected) in [
            (
                format!("{{rule: p/r, {rest}}}"),
                vec!["the waiver has no `match`"],
            ),
            (
                "{match: {StageName: prod}}".to_owned(),
                vec![
                    "the waiver has no `rule`",
                    "the waiver has no `reason`",
                    "the waiver has no `owner`",
                    "the waiver has no `expires`",
                ],
            ),
            (
                format!("{{rule: p/r, match: {{}}, {rest}}}"),
                vec!["an empty mapping is not a pattern"],
            ),
            (
                format!("{{rule: p/r, match: {{StageNam: prod}}, {rest}}}"),
                vec!["a stage has no setting `StageNam`"],
            ),
            (
                format!("{{rule: p/r, match: {{StageName: prod}}, accept: {{route: x}}, {rest}}}"),
                vec!["`route` is allowed only in `match`"],
            ),
            (
                format!("{{rule: p/r, match: {{StageName: prod}}, until: x, {rest}}}"),
                vec!["a waiver has no key `until`"],
            ),
        ] {
            assert_eq!(titles(&waiver), expected, "{waiver}");
        }
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        for expires in [
            "31.01.2027",
            "2027-1-31",
            "2027-02-30",
            "20270131",
            "2027-01-31T00:00",
            "never",
            "~",
            "[x]",
        ] {
            let waiver = format!(
                "{{rule: p/r, match: {{StageName: x}}, reason: r, owner: o, expires: {expires}}}"
            );
            assert_eq!(titles(&waiver), [format!("`{expires}` is not a date")]);
        }
    }

    #[test]
    fn a_waiver_may_name_routes_and_any_rule() {
        assert_eq!(
            titles(
                "{rule: \"*\", match: {route: \"GET /x\"}, reason: r, owner: o, expires: 2027-01-31}"
            ),
            [""; 0]
        );
    }
}
