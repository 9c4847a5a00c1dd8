//! Shards under any bytes, one result after a line of dashes: what is merged is a result like any other, whatever the
//! order of the shards.

#![no_main]

mod rendered;

use driftgate::report::result;
use libfuzzer_sys::fuzz_target;

const BETWEEN: &[u8] = b"\n---\n";

fuzz_target!(|bytes: &[u8]| {
    let mut shards = vec![bytes];
    while shards.len() < 4
        && let Some(last) = shards.pop()
    {
        match last.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
            Some(at) => shards.extend([&last[..at], &last[at + BETWEEN.len()..]]),
            None => {
                shards.push(last);
                break;
            }
        }
    }
    let read = |turned: bool| {
        let named = shards.iter().enumerate().map(|(at, shard)| result::read(&format!("{at}.json"), shard));
        let mut read = named.collect::<Result<Vec<_>, _>>().ok()?;
        if turned {
            read.reverse();
        }
        Some(result::merge(read))
    };
    match (read(false), read(true)) {
        (Some(Ok(whole)), Some(Ok(turned))) => {
            assert_eq!(rendered::holds(&whole), rendered::holds(&turned), "the order of shards shows");
        }
        (Some(Err(one)), Some(Err(_))) => assert!(!one.0.is_empty()),
        (None, None) => {}
        _ => panic!("merged in one order only"),
    }
});
