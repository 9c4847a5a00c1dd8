//! The output of `aws apigatewayv2 get-stages` and `get-stage`: stages of one API, which it does not name.

mod lookalike;

use std::io::Read as _;
use std::sync::Arc;

use serde::de::DeserializeSeed as _;
use serde_json::Value as Json;

use super::file::{Error, FileRequest, FileSource, Input, OpenError, damaged};
use crate::model::catalogue::{Field, Kind, STAGE, STAGE_FIELD, Unset, stage};
use crate::model::decode::Decode;
use crate::model::document::api_stated_by;
use crate::model::json;
use crate::model::protocol::Protocol;
use crate::model::state::{
    ApiBatch, Close, FoundNames, Gap, GapCode, Narrowing, Scope, ScopeOutcome, Selection, TakenAt,
    VecState, missing_names,
};
use crate::model::value::Value;

/// The largest output: an API has ten stages, and may be given three hundred.
const LARGEST: u64 = 64 << 20;

/// The kind of file. What is not a snapshot is refused here, with the kind that it seems to be.
pub const SOURCE: FileSource = FileSource {
    name: "get-stages",
    alias: Some("get-stage"),
    about: "what `aws apigatewayv2 get-stages` or `get-stage` printed",
    detect: |_| true,
    open: |input, request, _| Ok(Box::new(read(input, request)?)),
};

/// Reads all of it.
fn read(input: Input, request: &FileRequest) -> Result<VecState, OpenError> {
    let name = Arc::clone(&input.name);
    if input.has_format("driftgate.snapshot") {
        return Err(Error(format!(
            "{name} is a snapshot, not output of the AWS CLI.\nLeave out `get-stages:`."
        ))
        .into());
    }
    let mut bytes = input.head;
    input
        .rest
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(&name, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error(format!(
            "{name} is larger than 64 MiB, which no output of get-stages is."
        ))
        .into());
    }
    let json = json::parse(&bytes).map_err(|error| match lookalike::of_text(&bytes) {
        Some(seems) if !error.is_data() => other(&name, seems).into(),
        _ => not_json(&name, &bytes, &error),
    })?;
    let (items, more) = items(&name, json)?;
    let stages = stages(&name, items, request)?;
    Ok(state(&name, stages, more, request)?)
}

/// The selected stages, sorted by name; each item must be a whole stage.
fn stages(
    name: &str,
    items: Vec<Json>,
    request: &FileRequest,
) -> Result<Vec<Value<'static>>, Error> {
    let protocol = protocol(name, request)?;
    let stage = |(at, item)| {
        stage_of(item, protocol)
            .map_err(|why| Error(format!("{name}: item {at} is not a whole stage: {why}")))
    };
    let mut stages = items
        .into_iter()
        .enumerate()
        .map(stage)
        .collect::<Result<Vec<_>, _>>()?;
    stages.retain(|stage| request.selection.has_stage(stage_name(stage)));
    stages.sort_by(|a, b| stage_name(a).cmp(&stage_name(b)));
    if let Some([twice, _]) = stages
        .array_windows()
        .find(|[a, b]| stage_name(a) == stage_name(b))
    {
        let stage = stage_name(twice).unwrap_or_default();
        let why = format!(
            "{name} has the stage {stage} twice. Nothing was read.\nPrint it again, of one API."
        );
        return Err(Error(why));
    }
    Ok(stages)
}

/// The protocol that `--protocol` states.
fn protocol(name: &str, request: &FileRequest) -> Result<Option<Protocol>, Error> {
    one(&request.selection.protocols, "--protocol", name)
}

/// The state of the selected stages, which are of one API; `more` if the output lacks some.
fn state(
    name: &str,
    stages: Vec<Value<'static>>,
    more: bool,
    request: &FileRequest,
) -> Result<VecState, Error> {
    // Here --api states the API, which is not looked for: it narrows nothing.
    let named = Selection {
        stages: request.selection.stages.clone(),
        ..Selection::default()
    };
    let mut found = FoundNames::default();
    stages
        .iter()
        .filter_map(stage_name)
        .for_each(|stage| found.stage(&named, stage));
    let region = one(&request.regions, "--region", name)?;
    let api = one(&request.selection.apis, "--api", name)?;
    let account = request.account.clone();
    let scope = Scope {
        account: account.clone(),
        region: region.clone(),
        apis: 1,
        skipped_apis: 0,
        stages: stages.len() as u64,
        requests: Some(0),
        outcome: if more {
            ScopeOutcome::Partial
        } else {
            ScopeOutcome::Checked
        },
        ..Scope::default()
    };
    let batch = ApiBatch {
        read_at: None,
        account: account.as_deref().map(Arc::from),
        region: region.as_deref().map(Arc::from),
        api: api_stated_by(api.as_deref(), protocol(name, request)?),
        stages,
    };
    let gap = more.then(|| Gap {
        account,
        region,
        api_id: api,
        operation: "GetStages".to_owned(),
        code: GapCode::NextToken.into(),
        message: format!("{name} ends with a NextToken: the API has more stages than it holds"),
        hint: "print all pages: leave out --max-items and --no-paginate".to_owned(),
        ..Gap::default()
    });
    let mut gaps: Vec<Gap> = gap.into_iter().collect();
    gaps.extend(missing_names(&named, &Narrowing::default(), &found, &gaps));
    // It holds one API, or one stage of it.
    let narrowing = Narrowing {
        from: Some("get-stages".to_owned()),
        stage: named.stages,
        ..Narrowing::default()
    };
    let close = Close {
        scopes: vec![scope],
        gaps,
        narrowing,
        taken: TakenAt::Unknown,
        ..Close::default()
    };
    Ok(VecState::new(vec![batch], close))
}

fn stage_name<'v>(stage: &'v Value<'_>) -> Option<&'v str> {
    stage.member(stage::NAME.at).as_text()
}

/// Members that AWS and its SDKs put beside the stages of a list.
const BESIDE: [&str; 6] = [
    "Items",
    "items",
    "NextToken",
    "nextToken",
    "ResponseMetadata",
    "ResultMetadata",
];

/// The stages of a document, and whether there are more.
fn items(name: &str, json: Json) -> Result<(Vec<Json>, bool), OpenError> {
    let seems = lookalike::of_document(&json);
    let unknown = || seems.map_or(OpenError::UnknownKind, |seems| other(name, seems).into());
    let Json::Object(mut object) = json else {
        return Err(unknown());
    };
    for (key, wire) in [
        ("Items", "items"),
        ("NextToken", "nextToken"),
        ("StageName", "stageName"),
    ] {
        if object.contains_key(key) && object.contains_key(wire) {
            return Err(Error(format!("{name}: {key} is there twice. Nothing was read.")).into());
        }
    }
    let key = if object.contains_key("Items") {
        "Items"
    } else {
        "items"
    };
    match object.remove(key) {
        Some(Json::Array(items)) => {
            // The SDK for JavaScript writes $metadata.
            let beside =
                |member: &&String| !BESIDE.contains(&member.as_str()) && *member != "$metadata";
            if let Some(member) = object.keys().find(beside) {
                return Err(Error(format!(
                    "{name} has {member} beside its items, which get-stages does not print. Nothing was read.\n{PRINT}"
                ))
                .into());
            }
            let token = object.get("NextToken").or_else(|| object.get("nextToken"));
            // An empty token ends the pages, as on the wire.
            let more = token.is_some_and(|token| !token.is_null() && token != "");
            Ok((items, more))
        }
        Some(_) => Err(OpenError::UnknownKind),
        // Something else may have a StageName as well, which its stage shows.
        None if object.contains_key("StageName") || object.contains_key("stageName") => {
            Ok((vec![Json::Object(object)], false))
        }
        None => Err(unknown()),
    }
}

/// The command that prints whole stages.
const PRINT: &str = "Print it with: aws apigatewayv2 get-stages --api-id ID --output json";

/// The stage of an item, or the reason why it cannot be a whole one.
fn stage_of(item: Json, protocol: Option<Protocol>) -> Result<Value<'static>, String> {
    let nothing = |why: &str, cure: &str| format!("{why}. Nothing was read.\n{cure}");
    if let Json::Object(object) = &item {
        if let Some((is, cure)) = lookalike::of_object(object) {
            return Err(nothing(&format!("it is {is}"), cure));
        }
        if let Some(member) = object
            .keys()
            .find(|key| !STAGE.iter().any(|field| field.is_spelt(key)))
        {
            return Err(nothing(
                &format!("GetStage does not return {member}"),
                PRINT,
            ));
        }
    }
    let keys = || item.as_object().into_iter().flatten().map(|(key, _)| key);
    let missing: Vec<bool> = STAGE
        .iter()
        .map(|field| field.always && !keys().any(|key| field.is_spelt(key)))
        .collect();
    let mut stage = Decode::whole(&STAGE_FIELD)
        .deserialize(item)
        .map_err(|error| nothing(&json::describe(&error), PRINT))?;
    let needed = |field: &Field| field.always && matches!(field.kind, Kind::Text);
    // Of `null` as well, which has no members at all.
    if let Some((_, field)) = STAGE
        .iter()
        .enumerate()
        .rfind(|(at, field)| needed(field) && stage.member(*at).is_unset())
    {
        return Err(nothing(
            &format!("it has no {}, which every answer of AWS has", field.name),
            PRINT,
        ));
    }
    if let (Some(protocol), Some(setting)) = (
        protocol,
        protocol.and_then(|protocol| contradiction(&stage, protocol)),
    ) {
        let why = format!(
            "--protocol {} contradicts it: {setting}, which such a stage lacks",
            protocol.name()
        );
        return Err(nothing(
            &why,
            "Name the protocol of its API: aws apigatewayv2 get-api --api-id ID",
        ));
    }
    if let Value::Struct(members) = &mut stage {
        for (member, _) in members
            .iter_mut()
            .zip(missing)
            .filter(|(_, missing)| *missing)
        {
            *member = Value::NotStated;
        }
    }
    Ok(stage)
}

/// A setting with a value of its own or a route, in words, that the protocol lacks.
fn contradiction(stage: &Value<'_>, protocol: Protocol) -> Option<String> {
    // Routes of HTTP are `METHOD /path` or `$default`; those of WebSocket may be anything.
    let mut routes = stage
        .member(stage::ROUTES.at)
        .entries()
        .iter()
        .map(|(key, _)| key);
    let foreign =
        routes.find(|key| protocol == Protocol::Http && **key != "$default" && !key.contains(" /"));
    let setting = lacking(stage, STAGE, protocol).map(|name| format!("{name} is set"));
    setting.or_else(|| foreign.map(|key| format!("it has the route {key}")))
}

fn lacking(value: &Value<'_>, fields: &'static [Field], protocol: Protocol) -> Option<String> {
    let Value::Struct(members) = value else {
        return None;
    };
    fields.iter().zip(members).find_map(|(field, value)| {
        if !field.on.include(protocol) {
            let says_nothing = match (value, field.unset) {
                (Value::Boolean(value), Unset::False) => !value,
                (Value::Text(text), Unset::Text(unset)) => text == unset,
                (value, _) => value.is_unset(),
            };
            return (!says_nothing).then(|| field.name.to_owned());
        }
        let below = match (field.kind, value) {
            (Kind::Struct(fields), value) => lacking(value, fields, protocol),
            (Kind::Map(of), Value::Map(entries)) => entries
                .iter()
                .find_map(|(_, entry)| lacking(entry, of.members(), protocol)),
            _ => None,
        };
        below.map(|below| format!("{}.{below}", field.name))
    })
}

/// A file that is something else, known by what it holds.
fn other(name: &str, (is, cure): (&str, &str)) -> Error {
    Error(format!("{name} is {is}. Nothing was read.\n{cure}"))
}

fn not_json(name: &str, bytes: &[u8], error: &serde_json::Error) -> OpenError {
    if !bytes.trim_ascii_start().starts_with(b"{") && !bytes.trim_ascii_start().starts_with(b"[") {
        return OpenError::UnknownKind;
    }
    let problem = json::describe(error);
    let (what, help) = if error.is_eof() {
        (
            "is cut off",
            "Print it again: the command was stopped, or failed.",
        )
    } else if error.is_data() {
        ("is not what get-stages prints", PRINT)
    } else if problem.contains("trailing characters") {
        (
            "goes on after its end",
            "Audit the output of one command at a time.",
        )
    } else {
        ("is not JSON", "Print it again with `--output json`.")
    };
    let (line, column) = (error.line(), error.column());
    Error(format!(
        "{name}:{line}:{column} {what}: {problem}. Nothing was read.\n{help}"
    ))
    .into()
}

/// The value of a flag that describes the output's API.
fn one<T: Clone>(named: &[T], flag: &str, name: &str) -> Result<Option<T>, Error> {
    match named {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(Error(format!(
            "{name} is output of one API, and {flag} is given {} times.\nName the one that it is of, or leave {flag} out.",
            several.len()
        ))),
    }
}
