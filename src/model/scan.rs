//! JSON to values at the speed of a scan, for text as driftgate writes it: compact, members in the catalogue's order and
//! spelling, keys of maps in order. Anything else it leaves to [`Decode`](super::decode::Decode),
//! whose answers its own must equal.

use std::borrow::Cow;

use super::catalogue::{Field, Kind};
use super::digest::Digest;
use super::projection::Members;
use super::value::Value;

/// The part of a text that is not scanned yet. Every method returns `None` where the text is not as driftgate writes it.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'t>(&'t str);

impl<'t> Scan<'t> {
    /// A scan from the start of a text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// The text that is left.
    #[must_use]
    pub const fn rest(&self) -> &'t str {
        self.0
    }

    /// Passes over a piece of JSON.
    pub fn pass(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    /// A text, in quotes.
    pub fn text(&mut self) -> Option<Cow<'t, str>> {
        let inside = self.0.strip_prefix('"')?;
        let end = first_stop(inside.as_bytes())?;
        let (text, rest) = inside.split_at_checked(end)?;
        if rest.starts_with('\\') {
            return self.escaped_text();
        }
        self.0 = rest.strip_prefix('"')?;
        Some(Cow::Borrowed(text))
    }

    /// A text with escapes, which the one reader of them decodes.
    fn escaped_text(&mut self) -> Option<Cow<'t, str>> {
        let bytes = self.0.as_bytes();
        let mut end = 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
            if bytes[end] == b'"' {
                break;
            }
            end += 2;
        }
        let (text, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        serde_json::from_str(text).ok().map(Cow::Owned)
    }

    /// A text or `null`.
    pub fn optional_text(&mut self) -> Option<Option<Cow<'t, str>>> {
        match self.pass("null") {
            Some(()) => Some(None),
            None => self.text().map(Some),
        }
    }

    /// A value as its row says; of a struct, the members that the projection has.
    pub fn value(&mut self, field: &'static Field, projection: Members<'_>) -> Option<Value<'t>> {
        if self.pass("null").is_some() {
            return Some(Value::Unset);
        }
        match field.kind {
            Kind::Boolean => self.boolean().map(Value::Boolean),
            Kind::Integer => self.digits()?.parse().ok().map(Value::Integer),
            Kind::Number => self.number().map(Value::Number),
            Kind::Text if field.sensitive && self.0.starts_with('{') => self.digest(),
            Kind::Text | Kind::OneOf(_) => self.text().map(Value::text),
            Kind::Struct(fields) => self.members(fields, projection),
            Kind::Map(field) => self.entries(field),
            Kind::List(element) => {
                let mut elements = Vec::new();
                self.each("[", "]", |scan| {
                    elements.push(scan.value(element, Members::ALL)?);
                    Some(())
                })?;
                Some(Value::List(elements.into()))
            }
        }
    }

    /// A number without sign, fraction or exponent, and short enough for every type.
    fn digits(&mut self) -> Option<&'t str> {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        let is_plain =
            matches!(digits.len(), 1..=15) && (digits == "0" || !digits.starts_with('0'));
        let goes_on = rest.starts_with(['.', 'e', 'E']);
        (is_plain && !goes_on).then(|| self.0 = rest)?;
        Some(digits)
    }

    fn number(&mut self) -> Option<f64> {
        let end = self
            .0
            .bytes()
            .position(|byte| matches!(byte, b',' | b'}' | b']'))?;
        let (number, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        // The one reader of fractions, which rounds as it does elsewhere.
        match number.strip_suffix(".0").unwrap_or(number).parse::<u32>() {
            Ok(whole) if number.starts_with(|first: char| matches!(first, '1'..='9')) => {
                Some(f64::from(whole))
            }
            _ if number.contains('.') => serde_json::from_str(number).ok(),
            _ => None,
        }
    }

    fn digest(&mut self) -> Option<Value<'t>> {
        let (hex, looks_secret) = if self.pass("{\"sha256\":").is_some() {
            let hex = self.text()?;
            self.pass(",\"looks-secret\":")?;
            (hex, self.boolean()?)
        } else {
            self.pass("{\"looks-secret\":")?;
            let looks_secret = self.boolean()?;
            self.pass(",\"sha256\":")?;
            (self.text()?, looks_secret)
        };
        self.pass("}")?;
        Digest::from_hex(&hex, looks_secret).map(|digest| Value::Digest(Box::new(digest)))
    }

    fn boolean(&mut self) -> Option<bool> {
        match self.pass("true") {
            Some(()) => Some(true),
            None => self.pass("false").map(|()| false),
        }
    }

    /// Calls `element` at each element of a list or an object.
    fn each(
        &mut self,
        start: &str,
        end: &str,
        mut element: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.pass(start)?;
        if self.pass(end).is_some() {
            return Some(());
        }
        loop {
            element(self)?;
            if self.pass(",").is_none() {
                return self.pass(end);
            }
        }
    }

    fn members(&mut self, fields: &'static [Field], projection: Members<'_>) -> Option<Value<'t>> {
        let mut members: Box<[Value<'t>]> = fields.iter().map(|_| Value::Unset).collect();
        let mut rows = fields.iter().zip(&mut members).enumerate();
        self.each("{", "}", |scan| {
            let name = scan.text()?;
            // From the row after the last one: no member is there twice.
            let (at, (field, member)) = rows.find(|(_, (field, _))| field.name == name)?;
            scan.pass(":")?;
            *member = if projection.include(at) {
                scan.value(field, projection.below(at))?
            } else {
                scan.skip(field)?;
                Value::NotStated
            };
            Some(())
        })?;
        Some(Value::Struct(members))
    }

    /// Passes over a value that nobody reads. It is checked as if it were read: a damaged file is damaged whatever the
    /// rules are.
    fn skip(&mut self, field: &'static Field) -> Option<()> {
        if self.pass("null").is_some() {
            return Some(());
        }
        match field.kind {
            Kind::Text if field.sensitive && self.0.starts_with('{') => self.digest().map(drop),
            Kind::Text | Kind::OneOf(_) => self.skip_text(),
            Kind::Boolean | Kind::Integer | Kind::Number => {
                self.value(field, Members::ALL).map(drop)
            }
            Kind::Struct(fields) => {
                let mut rows = fields.iter();
                self.each("{", "}", |scan| {
                    let name = scan.text()?;
                    let field = rows.find(|field| field.name == name)?;
                    scan.pass(":")?;
                    scan.skip(field)
                })
            }
            Kind::Map(field) => {
                let mut last = None;
                self.each("{", "}", |scan| {
                    let key = Some(scan.text()?);
                    scan.pass(":").filter(|()| last < key)?;
                    last = key;
                    scan.skip(field)
                })
            }
            Kind::List(element) => self.each("[", "]", |scan| scan.skip(element)),
        }
    }

    fn skip_text(&mut self) -> Option<()> {
        let mut rest = self.0.strip_prefix('"')?;
        loop {
            let end = first_stop(rest.as_bytes())?;
            let mut after = rest.as_bytes()[end..].iter();
            let passed = match (after.next()?, after.next()) {
                (b'"', _) => 1,
                (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
                _ => return None,
            };
            rest = rest.get(end + passed..)?;
            if passed == 1 {
                self.0 = rest;
                return Some(());
            }
        }
    }

    fn entries(&mut self, field: &'static Field) -> Option<Value<'t>> {
        let mut entries: Vec<(Cow<'t, str>, Value<'t>)> = Vec::new();
        self.each("{", "}", |scan| {
            let key = scan.text()?;
            if entries.last().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            scan.pass(":")?;
            entries.push((key, scan.value(field, Members::ALL)?));
            Some(())
        })?;
        Some(Value::Map(entries.into()))
    }
}

/// The place of the first byte that a text without escapes cannot hold.
fn first_stop(bytes: &[u8]) -> Option<usize> {
    let stops = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Sixteen at a time without a branch between them, which the compiler turns into a few vector instructions.
    let (blocks, _) = bytes.as_chunks::<16>();
    let plain = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |any, byte| any | stops(*byte)));
    let start = plain.count() * 16;
    bytes[start..]
        .iter()
        .position(|byte| stops(*byte))
        .map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::DeserializeSeed as _;

    use super::*;
    use crate::model::catalogue::STAGE_FIELD;
    use crate::model::decode::Decode;
    use crate::model::projection::Projection;
    use crate::model::value::Written;

    const STAGE: &str = r#"{"AccessLogSettings":{"DestinationArn":"arn","Format":"{\"id\":\"$context.requestId\\u00e4\"}"},"AutoDeploy":true,"DefaultRouteSettings":{"DetailedMetricsEnabled":false,"ThrottlingBurstLimit":50,"ThrottlingRateLimit":10.5},"RouteSettings":{"$default":{},"GET /":{"LoggingLevel":"INFO","ThrottlingRateLimit":1000.0}},"StageName":"prod","StageVariables":{"a":{"sha256":"00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff","looks-secret":true}},"Tags":{"empty":"","ö":"ü"}}"#;

    fn scanned_as<'t>(text: &'t str, projection: &Projection) -> Option<Value<'t>> {
        let mut scan = Scan::new(text);
        let value = scan.value(&STAGE_FIELD, projection.stage())?;
        scan.rest().is_empty().then_some(value)
    }

    fn decoded_as<'t>(text: &'t str, projection: &Projection) -> Option<Value<'t>> {
        let mut from = serde_json::Deserializer::from_str(text);
        let decode = Decode::only(&STAGE_FIELD, projection.stage());
        let value = decode.deserialize(&mut from).ok()?;
        from.end().is_ok().then_some(value)
    }

    fn scanned(text: &str) -> Option<Value<'_>> {
        scanned_as(text, &Projection::all())
    }

    fn decoded(text: &str) -> Option<Value<'_>> {
        decoded_as(text, &Projection::all())
    }

    /// Next to nothing is read, and the rest is checked all the same.
    fn little() -> Projection {
        Projection::of(["AccessLogSettings.DestinationArn", "RouteSettings"])
    }

    #[test]
    fn text_as_driftgate_writes_it_is_scanned() {
        let value = decoded(STAGE).unwrap();
        let written = serde_json::to_string(&Written {
            field: &STAGE_FIELD,
            value: &value,
        })
        .unwrap();
        assert_eq!(scanned(&written), Some(value.clone()));
        assert_eq!(scanned(STAGE), Some(value.clone()));
        let sorted = STAGE.replace(
            r#""sha256":"00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff","looks-secret":true"#,
            r#""looks-secret":true,"sha256":"00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff""#,
        );
        assert_ne!(sorted, STAGE);
        assert_eq!(scanned(&sorted), Some(value));
        let part = scanned_as(STAGE, &little());
        assert!(
            part.is_some() && part == decoded_as(STAGE, &little()),
            "{part:?}"
        );
    }

    #[test]
    fn other_text_is_left_to_the_reader_of_all_json() {
        for (part, other) in [
            ("\"prod\"", "\"pr\\ud800d\""),
            ("\"prod\"", "\"pr\nod\""),
            ("\"StageName\"", "\"stageName\""),
            ("\"AutoDeploy\":true", "\"StageName\":\"b\""),
            ("\"ö\"", "\"empty\""),
            (":50,", ": 50,"),
            (":50,", ":5e1,"),
            (":50,", ":050,"),
            (":50,", ":50.0,"),
            (":50,", ":5000000000000000,"),
            ("10.5", "-"),
            ("00ff00ff\"", "00fF\""),
        ] {
            let text = STAGE.replacen(part, other, 1);
            assert_ne!(text, STAGE, "{part}");
            assert_eq!(scanned(&text), None, "{part} {other}");
            // Nor is a damaged value passed over.
            let passed = scanned_as(&text, &little());
            assert!(
                passed.is_none() || passed == decoded_as(&text, &little()),
                "{part} {other}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_scanned_is_what_is_decoded(at in 0..STAGE.len(), cut in 0..12_usize, new in "[\"{}\\[\\]:,.0-9eEa-z\\\\ -]{0,4}") {
            let mut text = STAGE.as_bytes().to_vec();
            text.splice(at..(at + cut).min(STAGE.len()), new.bytes());
            for projection in [Projection::all(), little()] {
                if let Ok(text) = std::str::from_utf8(&text) && let Some(value) = scanned_as(text, &projection) {
                    prop_assert_eq!(Some(value), decoded_as(text, &projection));
                }
            }
        }
    }
}
