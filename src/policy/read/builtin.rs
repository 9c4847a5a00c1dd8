//! The packs inside the binary: the files of `policies/`, by name.

/// Name and text of each shipped pack.
pub const PACKS: [(&str, &str); 5] = [
    (
        "aws-config",
        include_str!("../../../policies/aws-config.yaml"),
    ),
    (
        "foundation",
        include_str!("../../../policies/foundation.yaml"),
    ),
    (
        "production",
        include_str!("../../../policies/production.yaml"),
    ),
    (
        "serverless",
        include_str!("../../../policies/serverless.yaml"),
    ),
    (
        "websocket",
        include_str!("../../../policies/websocket.yaml"),
    ),
];

/// The text of a shipped pack.
#[must_use]
pub fn pack(name: &str) -> Option<&'static str> {
    PACKS
        .iter()
        .find(|(pack, _)| *pack == name)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_inside_the_binary() {
        let mut files: Vec<String> =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))
                .unwrap()
                .map(|entry| {
                    entry
                        .unwrap()
                        .file_name()
                        .into_string()
                        .unwrap()
                        .replace(".yaml", "")
                })
                .collect();
        files.sort();
        assert_eq!(files, PACKS.map(|(name, _)| name));
    }
}
