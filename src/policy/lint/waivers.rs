//! Waivers for nothing: they name no rule, or have expired.

use std::sync::Arc;

use super::{Kind, Warning};
use crate::policy::diagnostic::{Diagnostic, nearest};
use crate::policy::policies::Policies;
use crate::policy::waiver::{Waiver, Waivers};

/// The waivers that can waive nothing of these policies.
#[must_use]
pub fn warnings(policies: &Policies, waivers: &Waivers) -> Vec<Warning> {
    let names: Vec<&str> = policies.rules().map(|rule| rule.facts.name.as_str()).collect();
    let warning = |waiver: &Waiver, kind: Kind, title: String, label: &str, help: String| {
        let (file, span) = (Arc::clone(&waiver.place.0), waiver.place.1.clone());
        let said = Diagnostic { file, span, title, label: label.to_owned(), help: vec![help] };
        Warning { kind, said, beside: None }
    };
    let mut found = Vec::new();
    for waiver in &waivers.waivers {
        let facts = &waiver.facts;
        // Without policies nothing is known of rules.
        if !names.is_empty() && !names.iter().any(|name| waiver.rule.fits(name)) {
            let title = format!("no rule is called `{}`", facts.rule);
            let help = match nearest(&facts.rule, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "correct it, or remove the waiver".to_owned(),
            };
            found.push(warning(waiver, Kind::WaiverWithoutRule, title, "this waives nothing", help));
        }
        if waiver.has_expired() {
            let title = format!("the waiver expired on {}", facts.expires);
            let help = format!("what it covered fails again; ask {}, or remove it", facts.owner);
            found.push(warning(waiver, Kind::WaiverExpired, title, "this waives nothing any more", help));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::diagnostic::SourceText;
    use crate::policy::{load, waiver};

    #[test]
    fn a_waiver_is_for_something() {
        let text = |name: &str, text: &str| Arc::new(SourceText { name: name.into(), text: text.into() });
        let policy = "policy: p\nrules:\n  - {id: tags, title: t, severity: low, expect: {Tags: [a]}}\n";
        let policies = load(vec![text("p.yaml", policy)]).unwrap();
        for (rule, expires, kinds) in [
            ("p/tags", "2027-01-31", &[][..]),
            ("\"*\"", "2027-01-31", &[]),
            ("p/tags", "2027-01-30", &["waiver-expired"]),
            ("p/tgas", "2027-01-31", &["waiver-without-rule"]),
            ("\"q/*\"", "2027-01-01", &["waiver-without-rule", "waiver-expired"]),
        ] {
            let yaml = format!(
                "waivers:\n  - {{rule: {rule}, match: {{StageName: x}}, reason: r, owner: o, expires: {expires}}}\n"
            );
            let waivers = waiver::load(&[text("w.yaml", &yaml)], jiff::civil::date(2027, 1, 31)).unwrap();
            let found: Vec<&str> = warnings(&policies, &waivers).iter().map(|one| one.kind.name()).collect();
            assert_eq!(found, kinds, "{rule} {expires}");
            // Where no policy was loaded, nothing is known of its rules.
            let alone = warnings(&Policies::default(), &waivers);
            assert!(alone.iter().all(|one| one.kind == Kind::WaiverExpired), "{rule}");
        }
    }
}
