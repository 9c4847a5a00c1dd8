//! The places of values in a text, and the texts that are refused.

use std::sync::Arc;

use super::super::diagnostic::{Diagnostic, SourceText};
use super::*;

fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut problems = Problems::new(Arc::new(SourceText {
        name: "p.yaml".into(),
        text: text.into(),
    }));
    let node = read(&mut problems);
    (node, problems.into_sorted())
}

fn only_problem(text: &str) -> (String, String) {
    let (_, found) = parse(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    let one = &found[0];
    (
        one.title.clone(),
        one.file.text[one.span.clone()].to_owned(),
    )
}

#[test]
fn values_are_those_of_yaml_1_2_and_places_are_bytes() {
    let (node, found) = parse("é: no\nb: [1, 1.5, true, ~, \"1\", 012345678901]\n");
    assert_eq!(found, []);
    let Data::Map(entries) = node.unwrap().data else {
        panic!()
    };
    assert_eq!(entries[0].value.data, Data::Text("no".into()));
    assert_eq!(entries[1].key_span, 7..8);
    let Data::List(list) = &entries[1].value.data else {
        panic!()
    };
    let data: Vec<_> = list.iter().map(|node| node.data.clone()).collect();
    assert_eq!(
        data,
        [
            Data::Integer(1),
            Data::Number(1.5),
            Data::Boolean(true),
            Data::Null,
            Data::Text("1".into()),
            Data::Text("012345678901".into())
        ]
    );
}

#[test]
fn what_a_policy_may_not_use_is_refused_with_its_place() {
    assert_eq!(
        only_problem("a: 1\na: 2\n"),
        ("duplicate key `a`".into(), "a".into())
    );
    assert_eq!(only_problem("not: !prod\n").0, "`!prod` is a YAML tag");
    assert_eq!(only_problem("a: &x {b: 1}\nc: {<<: *x}\n").1, "<<");
    assert_eq!(
        only_problem("a: 1\n---\nb: 2\n").0,
        "a second document in one file"
    );
    assert_eq!(
        only_problem("name: *prod\n"),
        ("no anchor `&prod` before this alias".into(), "*prod".into())
    );
    assert_eq!(only_problem("").0, "the file is empty");
    let (_, found) = parse("a: *\n");
    assert!(found[0].help[0].contains("quote the text"), "{found:#?}");
    let (_, found) = parse("a: @x\n");
    assert!(found[0].help[0].contains("\"@x\""), "{found:#?}");
}

#[test]
fn aliases_are_followed_and_bombs_are_not() {
    let (node, found) = parse("a: &x [1, 2]\nb: *x\n");
    assert_eq!(found, []);
    let Data::Map(entries) = node.unwrap().data else {
        panic!()
    };
    assert_eq!(entries[0].value.data, entries[1].value.data);

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert_eq!(only_problem(&bomb).0, "too much in one file");
    assert_eq!(only_problem(&"[".repeat(100_000)).0, "nested too deeply");
}
