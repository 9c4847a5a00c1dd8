//! The copy of a shipped pack, which replaces the pack. It must not know rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::builtin;
use crate::policy::text::diagnostic::{Problems, SourceText, suggestions};
use crate::policy::text::keys::{Keys, text};
use crate::policy::text::yaml::{self, Data};

/// The key of a copy that replaces its pack.
pub const REPLACES: &str = "replaces";

/// The packs that a policy beside them replaces.
pub fn replaced_packs(texts: &[Arc<SourceText>]) -> BTreeSet<String> {
    let replaced = |text: &Arc<SourceText>| {
        // Most files do not have the word and need not be read twice.
        text.text.contains(REPLACES).then_some(())?;
        let root = yaml::read(&mut Problems::new(Arc::clone(text)))?;
        let Data::Map(entries) = root.data else {
            return None;
        };
        let entry = entries.into_iter().find(|entry| entry.key == REPLACES)?;
        match entry.value.data {
            Data::Text(pack) if pack != text.name => Some(pack),
            _ => None,
        }
    };
    texts.iter().filter_map(replaced).collect()
}

/// The pack that a policy of its name replaces.
pub fn replaces(keys: &Keys<'_>, policy: Option<&str>, problems: &mut Problems) -> Option<String> {
    let entry = keys.get(REPLACES)?;
    let pack = text(entry, problems)?;
    let packs = builtin::PACKS.map(|(name, _)| format!("builtin:{name}"));
    if !packs.iter().any(|name| name == pack) {
        let (label, help) = suggestions(pack, packs.iter().map(String::as_str));
        let title = format!("there is no pack `{pack}`");
        problems.note(&entry.value.span, title, label, help);
    } else if let Some(policy) = policy.filter(|name| pack != format!("builtin:{name}")) {
        let title = format!("the policy `{policy}` cannot replace {pack}");
        let name = pack.trim_start_matches("builtin:");
        let help = format!("name the copy as the pack: `policy: {name}`; or leave `replaces` out");
        problems.note(&entry.value.span, title, "a pack of another name", [help]);
    }
    Some(pack.to_owned())
}
