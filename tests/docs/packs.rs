//! The shipped packs: whatever a rule demands, a test of its pack demands it too.

use std::sync::Arc;

use driftgate::policy::load;
use driftgate::policy::read::builtin;
use driftgate::policy::text::diagnostic::SourceText;
use serde_yaml::Value as Yaml;

use super::failures;

/// Policy without one part, for each part by its path.
fn without_one_part(policy: &Yaml) -> Vec<(String, Yaml)> {
    fn below(
        node: &Yaml,
        path: &str,
        at: &dyn Fn(Option<Yaml>) -> Yaml,
        found: &mut Vec<(String, Yaml)>,
    ) {
        let parts: Vec<Yaml> = match node {
            Yaml::Mapping(map) => map.keys().cloned().collect(),
            Yaml::Sequence(list) => (0..list.len()).map(Yaml::from).collect(),
            _ => Vec::new(),
        };
        for part in parts {
            let with = |change: Option<Yaml>| {
                let mut node = node.clone();
                match (&mut node, change) {
                    (node, Some(new)) => node[&part] = new,
                    (Yaml::Mapping(map), None) => drop(map.remove(&part)),
                    (Yaml::Sequence(list), None) => {
                        drop(list.remove(part.as_u64().unwrap().try_into().unwrap()));
                    }
                    (_, None) => {}
                }
                at(Some(node))
            };
            let name = serde_yaml::to_string(&part).unwrap();
            let path = format!("{path}/{}", name.trim());
            found.push((path.clone(), with(None)));
            below(&node[&part], &path, &with, found);
        }
    }
    let mut found = Vec::new();
    below(policy, "", &|whole| whole.unwrap(), &mut found);
    found
}

#[test]
fn no_part_of_a_shipped_rule_is_untried() {
    let mut untried = Vec::new();
    for (name, text) in builtin::PACKS {
        let holds = |policy: &Yaml| {
            let file = SourceText {
                name: name.to_owned(),
                text: serde_yaml::to_string(policy).unwrap(),
            };
            let loaded = load(vec![Arc::new(file)]);
            loaded.is_ok_and(|policies| {
                policies
                    .policies
                    .iter()
                    .all(|policy| failures(policy).is_empty())
            })
        };
        let whole: Yaml = serde_yaml::from_str(text).unwrap();
        assert!(holds(&whole), "{name}");
        for (part, rest) in without_one_part(&whole) {
            let of_a_picture =
                part.contains("/match/") || part.ends_with("/match") || part.contains("/expect/");
            // HTTP APIs lack the settings of the pack. Its `match` only spares their stages from being fetched.
            let only_spares = name == "websocket" && part.starts_with("/match");
            // `match` has it already; here it tells the reader of a violation the other way out.
            let only_tells = name == "foundation" && part == "/rules/1/expect/any-of/0";
            if of_a_picture && !only_spares && !only_tells && holds(&rest) {
                untried.push(format!("{name}{part}"));
            }
        }
    }
    assert!(
        untried.is_empty(),
        "no test notices when these are left out:\n{}",
        untried.join("\n")
    );
}
