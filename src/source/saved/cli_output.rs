//! What `aws apigatewayv2 get-stages` and `get-stage` print: stages of one API, which it does not name.

use std::io::Read as _;
use std::sync::Arc;

use serde::de::DeserializeSeed as _;
use serde_json::Value as Json;

use super::input::{Input, damaged, unknown_kind};
use super::{Error, Request};
use crate::model::catalogue::{Field, STAGE, position};
use crate::model::decode::Decode;
use crate::model::document::{STAGE_FIELD, api_stated_by};
use crate::model::feed::{Chunk, Close, Feed, Gap, Read, Scope, Selection, Unusable};
use crate::model::narrowing::{Found, Narrowing, nowhere};
use crate::model::value::Value;

/// The largest output: an API has ten stages, and may be given three hundred.
const LARGEST: u64 = 64 << 20;

static STAGE_ROW: Field = STAGE_FIELD;

/// The stages of one file.
pub(super) struct CliOutput {
    chunk: Option<Chunk>,
    close: Close,
}

/// Reads all of it.
pub(super) fn read(input: Input, request: &Request) -> Result<CliOutput, Error> {
    let name = Arc::clone(&input.name);
    if input.is_snapshot() {
        return Err(Error(format!("{name} is a snapshot, not output of the AWS CLI.\nLeave out `get-stages:`.")));
    }
    let mut bytes = input.head;
    input.rest.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| damaged(&name, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error(format!("{name} is larger than 64 MiB, which no output of get-stages is.")));
    }
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| not_json(&name, &error))?;

    let get = |name: &str, wire: &str| json.get(name).or_else(|| json.get(wire));
    let (items, more) = match get("Items", "items") {
        Some(Json::Array(items)) => {
            (items.clone(), get("NextToken", "nextToken").is_some_and(|token| !token.is_null()))
        }
        Some(_) => return Err(unknown_kind(&name)),
        None if get("StageName", "stageName").is_some() => (vec![json.clone()], false),
        None => return Err(unknown_kind(&name)),
    };
    let mut stages = Vec::with_capacity(items.len());
    let mut found = Found::default();
    for (at, item) in items.into_iter().enumerate() {
        let stage = Decode::whole(&STAGE_ROW)
            .deserialize(item)
            .map_err(|error| Error(format!("{name}: item {at} is not a stage: {error}. Nothing was read.")))?;
        if stage_name(&stage).is_none() {
            return Err(Error(format!("{name}: item {at} is not a stage: it has no StageName. Nothing was read.")));
        }
        if request.selection.has_stage(stage_name(&stage)) {
            if let Some(name) = stage_name(&stage) {
                found.stage(&request.selection, name);
            }
            stages.push(stage);
        }
    }
    stages.sort_by(|a, b| stage_name(a).cmp(&stage_name(b)));
    if let Some([twice, _]) = stages.array_windows().find(|[a, b]| stage_name(a) == stage_name(b)) {
        let stage = stage_name(twice).unwrap_or_default();
        return Err(Error(format!(
            "{name} has the stage {stage} twice. Nothing was read.\nPrint it again, of one API."
        )));
    }

    let region = one(&request.regions, "--region", &name)?;
    let api = one(&request.selection.apis, "--api", &name)?;
    let gap = more.then(|| Gap {
        region: region.clone(),
        api_id: api.clone(),
        operation: "GetStages".to_owned(),
        code: "NextToken".to_owned(),
        message: format!("{name} ends with a NextToken: the API has more stages than it holds"),
        hint: "print all pages: leave out --max-items and --no-paginate".to_owned(),
        ..Gap::default()
    });
    let scope = Scope {
        account: None,
        region: region.clone(),
        apis: 1,
        skipped_apis: 0,
        stages: stages.len() as u64,
        requests: Some(0),
        outcome: if more { Read::Partial } else { Read::Checked },
        ..Scope::default()
    };
    let chunk = Chunk::Api {
        account: None,
        region: region.as_deref().map(Arc::from),
        api: api_stated_by(api.as_deref(), request.protocol),
        stages,
    };
    // It holds one API, or one stage of it. Here --api states which one, and narrows nothing.
    let stage = request.selection.stages.clone();
    let narrowing = Narrowing { from: Some("get-stages".to_owned()), stage, ..Narrowing::default() };
    let mut gaps: Vec<Gap> = gap.into_iter().collect();
    // Here --api states the API, which is not looked for.
    let named = Selection { stages: request.selection.stages.clone(), ..Selection::default() };
    gaps.extend(nowhere(&named, &Narrowing::default(), &found, &gaps));
    let close = Close { scopes: vec![scope], gaps, narrowing, ..Close::default() };
    Ok(CliOutput { chunk: Some(chunk), close })
}

fn stage_name<'v>(stage: &'v Value<'_>) -> Option<&'v str> {
    stage.member(const { position(STAGE, "StageName") }).as_text()
}

fn not_json(name: &str, error: &serde_json::Error) -> Error {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    let (what, help) = if error.is_eof() {
        ("is cut off", "Print it again: the command was stopped, or failed.")
    } else if said.contains("trailing characters") {
        ("goes on after its end", "Audit the output of one command at a time.")
    } else {
        ("is not JSON", "Print it again with `--output json`.")
    };
    let (line, column) = (error.line(), error.column());
    Error(format!("{name}:{line}:{column} {what}: {said}. Nothing was read.\n{help}"))
}

/// What a flag states of the one API that the output is of.
fn one(named: &[String], flag: &str, name: &str) -> Result<Option<String>, Error> {
    match named {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(Error(format!(
            "{name} is output of one API, and {flag} is given {} times.\nName the one that it is of, or leave {flag} out.",
            several.len()
        ))),
    }
}

impl Feed for CliOutput {
    fn next(&mut self) -> Option<Chunk> {
        self.chunk.take()
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunk.take()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}
