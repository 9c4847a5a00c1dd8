//! What looks like a secret, measured on tables of values as people write them.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use driftgate::model::secret::looks_secret;

/// A table: name and value on each line.
fn table(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once("  ").unwrap();
            (name.to_owned(), value.replace('¦', ""))
        })
        .collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "`--nocapture` shows the figures")]
fn secrets_are_seen_and_nothing_else() {
    let secrets = table(include_str!("secrets/secrets.txt"));
    let harmless = table(include_str!("secrets/harmless.txt"));
    assert!(secrets.len() >= 120 && harmless.len() >= 96, "{} secrets, {} others", secrets.len(), harmless.len());

    let missed: Vec<_> = secrets.iter().filter(|(name, value)| !looks_secret(name, value)).collect();
    let shapeless: Vec<_> = secrets.iter().filter(|(_, value)| !looks_secret("", value)).collect();
    let alarms: Vec<_> = harmless.iter().filter(|(name, value)| looks_secret(name, value)).collect();
    let nameless: Vec<_> = harmless.iter().filter(|(_, value)| looks_secret("", value)).collect();
    println!(
        "{} of {} secrets seen with their names, {} by shape alone; {} false alarms on {} others, {} without names",
        secrets.len() - missed.len(),
        secrets.len(),
        secrets.len() - shapeless.len(),
        alarms.len(),
        harmless.len(),
        nameless.len(),
    );
    assert!(missed.is_empty(), "missed: {missed:#?}");
    assert!(alarms.is_empty(), "false alarms: {alarms:#?}");
    assert!(nameless.is_empty(), "false alarms by shape alone: {nameless:#?}");
    // What has no shape of its own is a password or a key that only its name tells.
    assert!((secrets.len() - shapeless.len()) * 89 >= secrets.len() * 60, "by shape alone: {shapeless:#?}");
}
