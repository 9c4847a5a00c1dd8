//! Lines of a snapshot, decoded on whatever thread and indexed.

use std::sync::Arc;

use super::index::{BatchIndex, StageIndex};
use super::line::Line;
use crate::model::projection::Projection;
use crate::model::state::{Batch, Unusable};
use crate::model::{Document, json};

/// Whole lines of a snapshot.
#[derive(Debug)]
pub struct LineBatch {
    /// The input, as messages call it.
    pub name: Arc<str>,
    /// The lines, each ended by a newline or by the end.
    pub bytes: Vec<u8>,
    /// The number of the first line, counted from 1.
    pub first: u64,
    /// The stages that are selected, and the index of all stages.
    pub index: Arc<StageIndex>,
}

impl LineBatch {
    /// Lines that are not part of a larger file: all of their stages are selected.
    #[must_use]
    pub fn new(name: &str, bytes: Vec<u8>, first: u64) -> Self {
        Self {
            name: name.into(),
            bytes,
            first,
            index: Arc::default(),
        }
    }
}

impl Batch for LineBatch {
    /// Hands the selected stages to `each`, and indexes all of them.
    fn decode(
        &self,
        projection: &Projection,
        each: &mut dyn FnMut(&Document<'_>),
    ) -> Result<(), Unusable> {
        let Self {
            name,
            bytes,
            first,
            index,
        } = self;
        let damaged = |at: u64, column: usize, problem: &str| {
            Unusable(format!(
                "{name}:{at}:{column}: not a stage of a snapshot: {problem}. The file is damaged; nothing was read."
            ))
        };
        // Once for all lines: the strings in them need not be looked at again.
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count() as u64 - 1;
            damaged(*first + line, 1, "it is not UTF-8 text")
        })?;
        let mut indexing = BatchIndex::begin(index, *first);
        let (mut last, mut start) = (None, 0);
        let unended = (!bytes.ends_with(b"\n")).then_some(bytes.len());
        for (end, at) in memchr::memchr_iter(b'\n', bytes)
            .chain(unended)
            .zip(*first..)
        {
            let line = &text[start..end];
            start = end + 1;
            if line.trim_ascii().is_empty() {
                return Err(damaged(at, 1, "the line is empty, so its stage was lost"));
            }
            // serde_json counts lines within the text it was given, which is one line.
            let line = Line::decode(line, projection, last.as_ref())
                .map_err(|error| damaged(at, error.column().max(1), &json::describe(&error)))?;
            let document = Document {
                read_at: index.read_at,
                ..line.document()
            };
            let same_api = last.as_ref().is_some_and(|last| line.shares_api(last));
            let before = last.as_ref().map(Line::document);
            indexing
                .line(before.as_ref(), &document, same_api)
                .map_err(|problem| damaged(at, 1, &problem))?;
            if index.selects(&document) {
                each(&document);
            }
            last = Some(line);
        }
        if let Some(last) = last {
            indexing.end(&last.document());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{API_FIELD, STAGE_FIELD, api};
    use crate::model::value::Value;
    use crate::source::snapshot::line::not_stated;

    fn lines(text: &str) -> LineBatch {
        LineBatch::new("fleet", text.as_bytes().to_vec(), 2)
    }

    #[test]
    fn lines_become_documents_in_order() {
        let batch = lines(concat!(
            r#"{"account":"111122223333","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"dev"}}"#,
            "\n",
            r#"{"account":null,"region":null,"api":{"ApiId":"b","ProtocolType":"HTTP"},"stage":{"StageName":"prod"},"not-stated":["api.Tags","DefaultRouteSettings.ThrottlingRateLimit"],"more":1}"#,
        ));
        let mut seen = Vec::new();
        batch
            .decode(&Projection::all(), &mut |stage| {
                seen.push((
                    stage.account.map(str::to_owned),
                    stage.stage_name().map(str::to_owned),
                    stage.arn(),
                ));
                if stage.account.is_none() {
                    assert_eq!(stage.api.member(api::TAGS.at), &Value::NotStated);
                    let mut all = not_stated(&API_FIELD, stage.api, "api.");
                    all.extend(not_stated(&STAGE_FIELD, stage.stage, ""));
                    assert_eq!(
                        all,
                        ["api.Tags", "DefaultRouteSettings.ThrottlingRateLimit"]
                    );
                }
            })
            .unwrap();
        assert_eq!(seen[0].0.as_deref(), Some("111122223333"));
        assert_eq!(
            seen[0].2.as_deref(),
            Some("arn:aws:apigateway:us-east-1::/apis/a/stages/dev")
        );
        assert_eq!(seen[1], (None, Some("prod".to_owned()), None));
    }

    #[test]
    fn lines_that_begin_alike_are_decoded_like_single_ones() {
        let api = r#"{"account":"1","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP","Name":",\"stage\":"},"#;
        let odd = r#"{"account":"1","region":"us-east-1","api":{"ApiId":"b","ProtocolType":"HTTP","New":{"x":1,"stage":{}}},"#;
        let all = [
            format!(r#"{api}"stage":{{"StageName":"a"}}}}"#),
            format!(r#"{api}"stage":{{"StageName":"b"}},"not-stated":["Tags"]}}"#),
            format!(r#"{api}"stage":{{"StageName":"c"}}}}"#),
            format!(r#"{api}"stage":{{"StageName":"d"}} }}"#),
            format!(r#"{odd}"stage":{{"StageName":"e"}}}}"#),
            format!(r#"{odd}"stage":{{"StageName":"f"}},"more":1}}"#),
        ];
        let seen = |text: &str| {
            let mut seen = Vec::new();
            let decoded = lines(text).decode(&Projection::all(), &mut |stage| {
                seen.push(format!("{stage:?}"));
            });
            decoded.map(|()| seen)
        };
        let alone: Vec<String> = all.iter().flat_map(|line| seen(line).unwrap()).collect();
        assert_eq!(seen(&all.join("\n")).unwrap(), alone);
        for tail in ["", "}}", r#","more":}"#] {
            let broken = format!("{}\n{api}\"stage\":{{\"StageName\":\"b\"}}{tail}", all[0]);
            assert!(seen(&broken).is_err(), "{tail}");
        }
    }

    #[test]
    fn a_damaged_line_has_its_place() {
        let error = lines("{\"account\":null}\n")
            .decode(&Projection::all(), &mut |_| ())
            .unwrap_err();
        assert!(
            error.0.starts_with("fleet:2:") && error.0.contains("missing field"),
            "{error}"
        );
    }
}
