//! The tests of the language. A new one is a file here and a line in [`OPERATORS`].

use super::operator::Operator;

pub mod above;
pub mod below;
pub mod contains;
pub mod each;
pub mod equals;
pub mod like;
pub mod log_format;
pub mod looks_secret;
pub mod matches;
pub mod max;
pub mod min;
pub mod newer_than;
pub mod older_than;
pub mod present;

/// The one list of tests: it feeds dispatch, suggestions and messages.
pub static OPERATORS: &[&Operator] = &[
    &min::OPERATOR,
    &max::OPERATOR,
    &above::OPERATOR,
    &below::OPERATOR,
    &like::OPERATOR,
    &matches::OPERATOR,
    &contains::OPERATOR,
    &older_than::OPERATOR,
    &newer_than::OPERATOR,
    &each::OPERATOR,
    &present::OPERATOR,
    &log_format::OPERATOR,
    &looks_secret::OPERATOR,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy/language/operators");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .into_string()
                    .unwrap()
                    .replace(".rs", "")
                    .replace('_', "-")
            })
            .filter(|name| name != "mod" && name != "equals")
            .collect();
        files.sort();
        let mut names: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
        names.sort_unstable();
        assert_eq!(
            files, names,
            "equality is written as the value itself and has no name"
        );
    }
}
