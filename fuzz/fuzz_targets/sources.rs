//! Every source against every other, and against the oracle, on policies, waivers and fleets that the fuzzer chooses:
//! tests/oracle/sources lists what is compared.

#![no_main]
#![allow(dead_code, reason = "the modules are those of the oracle's tests, which use all of them")]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

#[path = "../../tests/oracle/accept.rs"]
mod accept;
#[path = "../../tests/oracle/document.rs"]
mod document;
#[path = "../../tests/oracle/generate.rs"]
mod generate;
#[path = "../../tests/oracle/judge.rs"]
mod judge;
#[path = "../../tests/oracle/schema.rs"]
mod schema;
#[path = "../../tests/oracle/sources/mod.rs"]
mod sources;
#[path = "../../tests/oracle/values.rs"]
mod values;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

fuzz_target!(|bytes: &[u8]| {
    sources::compare(&RUNTIME, &mut generate::Random::of_bytes(bytes));
});
