//! Appends JSON tokens, fast: a large fleet's result is a hundred megabytes of them. It must not know the document.

use std::io::Write as _;

use serde::Serialize;

use super::terminal::{ANYWHERE, is_hostile};
use crate::model::finding::Actual;

/// True for a byte that cannot simply be copied between quotes: JSON escapes it, a CI runner looks for it, or it is of
/// a character beyond ASCII, which may act on a terminal.
const fn stops(byte: u8) -> bool {
    byte < 0x20 || byte >= 0x7f || byte == b'"' || byte == b'\\' || byte == b'#'
}

/// The place of the first of them.
fn first_stop(bytes: &[u8]) -> Option<usize> {
    // Sixteen at a time without a branch between them, which the compiler turns into a few vector instructions.
    let (blocks, _) = bytes.as_chunks::<16>();
    let plain = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |any, byte| any | stops(*byte)))
        .count();
    let start = plain * 16;
    bytes[start..]
        .iter()
        .position(|byte| stops(*byte))
        .map(|at| start + at)
}

/// A text, in quotes.
pub(in crate::report) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(out, text, |out, byte| match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\t' => out.extend(b"\\t"),
        _ => unicode(out, u16::from(byte)),
    });
    out.push(b'"');
}

/// Finished JSON on one line. Beyond white space, only its texts can hold characters to escape.
pub(in crate::report) fn fragment(out: &mut Vec<u8>, json: &str) {
    escape(out, json, |out, byte| match byte {
        b'"' | b'\\' => out.push(byte),
        0x7f => unicode(out, 0x7f),
        _ => out.push(b' '),
    });
}

/// A document as JSON on one line, in which text of others acts neither on a terminal nor on GitHub's runner.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn escaped_json(document: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    push(&mut out, document)?;
    out.push(b'\n');
    Ok(out)
}

/// The same without a line of its own.
pub(in crate::report) fn push(
    out: &mut Vec<u8>,
    document: &impl Serialize,
) -> serde_json::Result<()> {
    fragment(out, &serde_json::to_string(document)?);
    Ok(())
}

/// A value as it was found, with its type.
pub(in crate::report) fn actual(out: &mut Vec<u8>, actual: &Actual) {
    // Writing to a Vec cannot fail.
    let _ = match actual {
        Actual::Boolean(value) => write!(out, "{value}"),
        Actual::Integer(value) => write!(out, "{value}"),
        // A whole number keeps its fraction, as the AWS CLI prints it.
        Actual::Number(value) if value.is_finite() => write!(out, "{value:?}"),
        Actual::Unset | Actual::Number(_) => write!(out, "null"),
        Actual::Text(value) => {
            text(out, value);
            Ok(())
        }
        Actual::Json(json) => {
            fragment(out, json);
            Ok(())
        }
    };
}

/// Copies a text; ASCII bytes that cannot be copied go to `ascii`, hostile characters become escapes.
fn escape(out: &mut Vec<u8>, text: &str, ascii: impl Fn(&mut Vec<u8>, u8)) {
    let mut rest = text;
    while let Some(at) = first_stop(rest.as_bytes()) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let Some(c) = from.chars().next() else { return };
        let (stop, after) = from.split_at(c.len_utf8());
        match stop.as_bytes() {
            b"#" if from.starts_with(ANYWHERE) => unicode(out, u16::from(b'#')),
            b"#" => out.push(b'#'),
            [byte] => ascii(out, *byte),
            bytes if !is_hostile(c) => out.extend_from_slice(bytes),
            _ => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| unicode(out, *unit)),
        }
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
}

fn unicode(out: &mut Vec<u8>, unit: u16) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "\\u{unit:04x}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_escaped_and_inert() {
        assert_eq!(pushed(|out| text(out, "GET /pets")), r#""GET /pets""#);
        assert_eq!(
            pushed(|out| text(out, "a\"b\\c\n\r\t\0\u{1b}\u{7f}")),
            r#""a\"b\\c\n\r\t\u0000\u001b\u007f""#
        );
        assert_eq!(
            pushed(|out| text(out, "ü漢🙂\u{9b}\u{202e}\u{e0041}")),
            r#""ü漢🙂\u009b\u202e\udb40\udc41""#
        );
    }

    #[test]
    fn no_command_of_a_runner_is_left() {
        let json = |given: &str| pushed(|out| text(out, given));
        assert_eq!(json("##[error]a # ## #"), r#""\u0023#[error]a # ## #""#);
        assert_eq!(json("###[x]"), r##""#\u0023#[x]""##);
        let json = Actual::Json(r###"{"##[a]":"\\##[b]"}"###.into());
        assert_eq!(
            pushed(|out| actual(out, &json)),
            r#"{"\u0023#[a]":"\\\u0023#[b]"}"#
        );
    }

    #[test]
    fn values_keep_their_type() {
        let json = |value: Actual| pushed(|out| actual(out, &value));
        assert_eq!(json(Actual::Unset), "null");
        assert_eq!(json(Actual::Boolean(false)), "false");
        assert_eq!(json(Actual::Integer(-5000)), "-5000");
        assert_eq!(json(Actual::Number(1000.0)), "1000.0");
        assert_eq!(json(Actual::Number(0.1)), "0.1");
        assert_eq!(json(Actual::Number(f64::NAN)), "null");
        assert_eq!(json(Actual::Text("5".into())), r#""5""#);
        assert_eq!(
            json(Actual::Json("{\n\"a\": \"\\\"\u{9b}\"}".into())),
            r#"{ "a": "\"\u009b"}"#
        );
    }

    #[test]
    fn json_of_any_document_is_inert() {
        let json = escaped_json(&["##[error]\u{1b}[2J\n"]).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            "[\"\\u0023#[error]\\u001b[2J\\n\"]\n"
        );
    }

    proptest! {
        #[test]
        fn every_text_comes_back(given in prop_oneof![any::<String>(), "[#\\[\\]\"a\\\\]{0,12}"]) {
            let json = pushed(|out| text(out, &given));
            prop_assert!(!json.contains(is_hostile) && !json.contains(ANYWHERE));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), given);
        }

        #[test]
        fn every_fragment_means_the_same(given in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4)) {
            let json = serde_json::to_string_pretty(&given).unwrap();
            let line = pushed(|out| fragment(out, &json));
            prop_assert!(!line.contains(is_hostile) && !line.contains(ANYWHERE));
            prop_assert_eq!(serde_json::from_str::<std::collections::BTreeMap<String, String>>(&line).unwrap(), given);
        }

        #[test]
        fn every_finite_number_comes_back(given in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            let json = pushed(|out| actual(out, &Actual::Number(given)));
            prop_assert_eq!(serde_json::from_str::<f64>(&json).unwrap().to_bits(), given.to_bits());
        }
    }
}
