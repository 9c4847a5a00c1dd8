//! The scan of stages as driftgate writes them, held to the reader of all JSON: what it takes, that takes alike.

#![no_main]

use driftgate::model::catalogue::STAGE_FIELD;
use driftgate::model::decode::Decode;
use driftgate::model::projection::Members;
use driftgate::model::scan::Scan;
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeSeed as _;

fuzz_target!(|text: &str| {
    let mut scan = Scan::new(text);
    let Some(scanned) = scan.value(&STAGE_FIELD, Members::ALL) else { return };
    let text = &text[..text.len() - scan.rest().len()];
    let mut from = serde_json::Deserializer::from_str(text);
    let decoded = Decode::whole(&STAGE_FIELD).deserialize(&mut from).map_err(|error| error.to_string());
    assert_eq!(decoded.as_ref(), Ok(&scanned), "{text}");
});
