//! The scan of stages as driftgate writes them, held to the reader of all JSON: what it takes, that takes alike, whole and
//! in part.

#![no_main]

use std::sync::LazyLock;

use driftgate::model::catalogue::STAGE_FIELD;
use driftgate::model::decode::Decode;
use driftgate::model::projection::Projection;
use driftgate::model::scan::Scan;
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeSeed as _;

static PROJECTIONS: LazyLock<[Projection; 2]> = LazyLock::new(|| {
    [Projection::all(), Projection::of(["AccessLogSettings.DestinationArn", "RouteSettings"])]
});

fuzz_target!(|text: &str| {
    for projection in &*PROJECTIONS {
        let mut scan = Scan::new(text);
        let Some(scanned) = scan.value(&STAGE_FIELD, projection.stage()) else { continue };
        let text = &text[..text.len() - scan.rest().len()];
        let mut from = serde_json::Deserializer::from_str(text);
        let decode = Decode::only(&STAGE_FIELD, projection.stage());
        let decoded = decode.deserialize(&mut from).map_err(|error| error.to_string());
        assert_eq!(decoded.as_ref(), Ok(&scanned), "{text}");
    }
});
