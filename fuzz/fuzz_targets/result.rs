//! A saved result under any bytes: what is accepted is written, read back and written the same.

#![no_main]

mod rendered;

use driftgate::report::result;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match result::read("result.json", bytes) {
        Ok(saved) => drop(rendered::holds(&saved)),
        Err(error) => assert!(error.0.starts_with("result.json"), "{error}"),
    }
});
