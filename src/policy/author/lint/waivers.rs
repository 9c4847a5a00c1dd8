//! Waivers for nothing: they name no rule, have expired, or accept what no rule finds.

use std::sync::Arc;

use super::warning::{Lint, LintKind};
use crate::policy::read::policies::Policies;
use crate::policy::read::waiver::{Waiver, Waivers};
use crate::policy::text::diagnostic::{Diagnostic, nearest};

/// The waivers that can waive nothing of these policies.
#[must_use]
pub fn warnings(policies: &Policies, waivers: &Waivers) -> Vec<Lint> {
    let names: Vec<&str> = policies
        .rules()
        .map(|rule| rule.facts.name.as_str())
        .collect();
    let warning = |waiver: &Waiver, kind: LintKind, title: String, label: &str, help: String| {
        let (file, span) = (Arc::clone(&waiver.place.0), waiver.place.1.clone());
        let diagnostic = Diagnostic {
            file,
            span,
            title,
            label: label.to_owned(),
            help: vec![help],
        };
        Lint {
            kind,
            diagnostic,
            beside: None,
        }
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
            found.push(warning(
                waiver,
                LintKind::WaiverWithoutRule,
                title,
                "this waives nothing",
                help,
            ));
        }
        if waiver.accepts_nothing(policies) {
            let title = format!("`accept` names nothing that `{}` finds", facts.rule);
            let help = "what an `assert`, or an `any-of` or `not` at the top, finds is at no setting; leave `accept` out to \
                        waive it";
            let label = "this waives nothing";
            found.push(warning(
                waiver,
                LintKind::WaiverAcceptsNothing,
                title,
                label,
                help.to_owned(),
            ));
        }
        if waiver.has_expired() {
            let title = format!("the waiver expired on {}", facts.expires);
            let help = format!(
                "what it covered fails again; ask {}, or remove it",
                facts.owner
            );
            found.push(warning(
                waiver,
                LintKind::WaiverExpired,
                title,
                "this waives nothing any more",
                help,
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load;
    use crate::policy::read::waiver;
    use crate::policy::text::diagnostic::SourceText;

    /// The kinds of warnings about a waiver with these keys, for rules with these identifiers and `expect`.
    fn kinds(rules: &[(&str, &str)], waiver: &str) -> Vec<&'static str> {
        let text = |name: &str, text: String| {
            Arc::new(SourceText {
                name: name.into(),
                text,
            })
        };
        let rule =
            |(id, expect)| format!("  - {{id: {id}, title: t, severity: low, expect: {expect}}}\n");
        let rules = rules.iter().copied().map(rule).collect::<String>();
        let policies = load(vec![text("p.yaml", format!("policy: p\nrules:\n{rules}"))]).unwrap();
        let yaml =
            format!("waivers:\n  - {{match: {{StageName: x}}, reason: r, owner: o, {waiver}}}\n");
        let waivers =
            waiver::load(&[text("w.yaml", yaml)], jiff::civil::date(2027, 1, 31)).unwrap();
        // Nothing is known of the rules of a policy that was not loaded.
        let alone = warnings(&Policies::default(), &waivers);
        assert!(
            alone.iter().all(|one| one.kind == LintKind::WaiverExpired),
            "{waiver}"
        );
        warnings(&policies, &waivers)
            .iter()
            .map(|one| one.kind.name())
            .collect()
    }

    #[test]
    fn an_accept_names_something_that_its_rules_find() {
        let rules = [
            ("either", "{any-of: [{AutoDeploy: true}, {Tags: [a]}]}"),
            ("several", "{not: {AutoDeploy: true, Tags: [a]}}"),
            ("one", "{not: {AutoDeploy: true}}"),
            (
                "beside",
                "{any-of: [{AutoDeploy: true}, {Tags: [a]}], StageName: prod}",
            ),
            (
                "routes",
                "{each-route: {any-of: [{ThrottlingBurstLimit: 1}, {ThrottlingRateLimit: 1}]}}",
            ),
        ];
        for (rule, accept, warns) in [
            ("p/either", ", accept: {AutoDeploy: false}", true),
            ("p/either", "", false),
            ("p/several", ", accept: {not: {AutoDeploy: false}}", true),
            ("p/one", ", accept: {AutoDeploy: true}", false),
            ("p/beside", ", accept: {StageName: dev}", false),
            (
                "p/routes",
                ", accept: {each-route: {ThrottlingBurstLimit: 2}}",
                false,
            ),
            ("\"p/*e*\"", ", accept: {AutoDeploy: true}", false),
            ("\"p/*e*r*\"", ", accept: {AutoDeploy: true}", true),
        ] {
            let found = kinds(
                &rules,
                &format!("rule: {rule}{accept}, expires: 2027-01-31"),
            );
            assert_eq!(
                found,
                if warns {
                    &["waiver-accepts-nothing"][..]
                } else {
                    &[]
                },
                "{rule} {accept}"
            );
        }
    }

    #[test]
    fn a_waiver_is_for_something() {
        for (rule, expires, expected) in [
            ("p/tags", "2027-01-31", &[][..]),
            ("\"*\"", "2027-01-31", &[]),
            ("p/tags", "2027-01-30", &["waiver-expired"]),
            ("p/tgas", "2027-01-31", &["waiver-without-rule"]),
            (
                "\"q/*\"",
                "2027-01-01",
                &["waiver-without-rule", "waiver-expired"],
            ),
        ] {
            let found = kinds(
                &[("tags", "{Tags: [a]}")],
                &format!("rule: {rule}, expires: {expires}"),
            );
            assert_eq!(found, expected, "{rule} {expires}");
        }
    }
}
