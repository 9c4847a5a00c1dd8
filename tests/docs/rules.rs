//! docs/reference/rules.md: the rules of the packs, and the published rule that each implements.

use driftgate::check::{Options, Verdict, verdict};
use driftgate::model::Document;
use driftgate::model::document::api_stated_by;
use driftgate::model::protocol::Protocol;
use driftgate::policy::read::builtin;
use driftgate::policy::{Policy, Rule};

use super::{Page, policy};

const BEGIN: &str = "<!-- From here: written by `DRIFTGATE_UPDATE_DOCS=1 cargo test --test docs` from policies/. -->\n";
const END: &str = "<!-- To here. -->\n";

/// Publishers of the rules that the packs implement, in the order of the table. A reference begins with such a name, or
/// is a URL.
const PRODUCTS: &[&str] = &[
    "AWS Config",
    "AWS Security Hub",
    "AWS Control Tower",
    "Prowler",
    "Checkov",
    "Trivy",
    "KICS",
    "Steampipe",
    "CloudSploit",
    "Datadog",
    "cdk-nag",
    "cfn-guard",
    "serverless-rules",
    "tflint",
];

/// Every public rule about V2 stages that what GetStage and GetApis return can decide.
const DECIDABLE: &[&str] = &[
    "AWS Config api-gw-execution-logging-enabled",
    "AWS Config api-gw-stage-tagged",
    "AWS Config api-gwv2-access-logs-enabled",
    "AWS Config api-gwv2-stage-default-route-detailed-metrics-enabled",
    "AWS Config apigatewayv2-stage-description",
    "AWS Security Hub APIGateway.1",
    "AWS Security Hub APIGateway.9",
    "AWS Control Tower CT.APIGATEWAY.PR.4",
    "Prowler apigatewayv2_api_access_logging_enabled",
    "Checkov CKV2_AWS_51",
    "Checkov CKV_AWS_76",
    "Checkov CKV_AWS_95",
    "Trivy AVD-AWS-0001",
    "Trivy AWS-0001",
    "KICS 1b6799eb-4a7a-4b04-9001-8cceb9999326",
    "KICS 80d45af4-4920-4236-a56e-b7ef419d1941",
    "Steampipe apigateway_stage_logging_enabled",
    "Steampipe gatewayv2_stage_access_logging_enabled",
    "CloudSploit API Gateway V2 Access Logging",
    "Datadog def-000-uad",
    "cdk-nag AwsSolutions-APIG1",
    "cdk-nag Serverless-APIGWAccessLogging",
    "cdk-nag Serverless-APIGWDefaultThrottling",
    "cdk-nag Serverless-APIGWStructuredLogging",
    "cfn-guard API_GWV2_ACCESS_LOGS_ENABLED",
    "serverless-rules ES2000",
    "serverless-rules ES2003",
    "serverless-rules WS2001",
    "tflint aws_apigatewayv2_stage_logging_rule",
    "tflint aws_apigatewayv2_stage_throttling_rule",
];

/// Rules that it cannot decide; the page explains why by hand.
const UNDECIDABLE: &[&str] = &[
    "api-gwv2-authorization-type-configured",
    "APIGateway.8",
    "CT.APIGATEWAY.PR.5",
    "CKV_AWS_309",
    "apigatewayv2-integration-private-https-enabled",
    "APIGateway.10",
    "apigatewayv2_api_authorizers_enabled",
    "APIGateway.2",
    "APIGateway.11",
    "CT.APIGATEWAY.PR.1",
    "AWS-0190",
];

fn packs() -> Vec<Policy> {
    builtin::PACKS
        .iter()
        .map(|(name, text)| policy(&format!("builtin:{name}"), text))
        .collect()
}

/// Protocols that a rule applies to, by a stage with nothing stated but the protocol, with the
/// pack's `match` and without, since a `match` that is open hides that there is nothing to ask.
fn protocols(pack: &Policy, rule: &Rule) -> String {
    let applies = |protocol: &Protocol| {
        let api = api_stated_by(None, Some(*protocol));
        let document = Document::before_its_stages(None, None, &api);
        let says_nothing = |selects| {
            let verdict = verdict(selects, rule, &document, Options::default());
            matches!(verdict, Verdict::NotGoverned | Verdict::NotApplicable)
        };
        !says_nothing(pack.selection.as_ref()) && !says_nothing(None)
    };
    Protocol::ALL
        .iter()
        .filter(|protocol| applies(protocol))
        .map(|one| one.name())
        .collect::<Vec<_>>()
        .join(", ")
}

fn generated(packs: &[Policy]) -> String {
    let mut page = "\n## Packs\n\n| pack | rules | what it is |\n| --- | ---: | --- |\n".to_owned();
    for pack in packs {
        let about = pack.description.as_deref().unwrap_or_default();
        let name = &pack.name;
        page += &format!(
            "| [`builtin:{name}`](../../policies/{name}.yaml) | [{}](#{name}) | {about} |\n",
            pack.rules.len()
        );
    }
    page += "\n## Rules\n";
    for pack in packs {
        page += &format!(
            "\n### {}\n\n| rule | severity | protocols | what holds |\n| --- | --- | --- | --- |\n",
            pack.name
        );
        for rule in &pack.rules {
            let facts = &rule.facts;
            let protocols = protocols(pack, rule);
            page += &format!(
                "| `{}` | {} | {protocols} | {} |\n",
                facts.name,
                facts.severity.name(),
                facts.title
            );
        }
    }
    page += "\n## Rules of others\n\n| of | their rule | ours |\n| --- | --- | --- |\n";
    for product in PRODUCTS {
        let mut theirs: Vec<(&str, &str)> = Vec::new();
        for rule in packs.iter().flat_map(|pack| &pack.rules) {
            let of_product = rule
                .facts
                .references
                .iter()
                .filter_map(|text| text.strip_prefix(product)?.strip_prefix(' '));
            theirs.extend(of_product.map(|id| (id, rule.facts.name.as_str())));
        }
        theirs.sort_unstable();
        for same in theirs.chunk_by(|a, b| a.0 == b.0) {
            let ours: Vec<_> = same.iter().map(|(_, rule)| format!("`{rule}`")).collect();
            page += &format!("| {product} | {} | {} |\n", same[0].0, ours.join(", "));
        }
    }
    page + "\n"
}

#[test]
fn the_page_is_what_the_packs_say() {
    let page = Page::read("docs/reference/rules.md");
    let (head, rest) = page.text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    page.must_be(&format!("{head}{BEGIN}{}{END}{tail}", generated(&packs())));
}

#[test]
fn the_readme_lists_every_pack() {
    let readme = Page::read("README.md").text;
    for (name, _) in builtin::PACKS {
        let link = format!("\n| [`builtin:{name}`](policies/{name}.yaml) | ");
        assert!(readme.contains(&link), "{link}");
    }
}

#[test]
fn every_reference_is_a_rule_of_somebody_or_an_address() {
    for rule in packs().iter().flat_map(|pack| &pack.rules) {
        for reference in &rule.facts.references {
            let named = PRODUCTS.iter().any(|product| {
                reference
                    .strip_prefix(product)
                    .and_then(|rest| rest.strip_prefix(' '))
                    .is_some_and(|id| !id.is_empty())
            });
            assert!(
                named || reference.starts_with("https://"),
                "{}: {reference}",
                rule.facts.name
            );
            assert!(!reference.contains('|'), "{}: {reference}", rule.facts.name);
        }
        assert!(!rule.facts.title.contains('|'), "{}", rule.facts.title);
    }
}

#[test]
fn every_rule_of_others_that_a_stage_can_decide_has_one_of_ours() {
    let packs = packs();
    let references: Vec<&String> = packs
        .iter()
        .flat_map(|pack| &pack.rules)
        .flat_map(|rule| &rule.facts.references)
        .collect();
    let missing: Vec<_> = DECIDABLE
        .iter()
        .filter(|id| !references.iter().any(|known| known == *id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_a_stage_cannot_decide_is_said_and_not_claimed() {
    let page = Page::read("docs/reference/rules.md").text;
    let (_, by_hand) = page.split_once(END).unwrap();
    for id in UNDECIDABLE {
        assert!(by_hand.contains(id), "{id}");
        for rule in packs().iter().flat_map(|pack| &pack.rules) {
            let claimed = rule
                .facts
                .references
                .iter()
                .any(|reference| reference.ends_with(&format!(" {id}")));
            assert!(!claimed, "{} claims {id}", rule.facts.name);
        }
    }
}
