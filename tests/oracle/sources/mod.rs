//! Every source against every other, and against the oracle: random policies, waivers and fleets, read from AWS (the
//! emulator), a spool, snapshots and output of the AWS CLI. Each way comes to the same findings and the same exit code.
//! `SOURCE_CASES=10000 cargo test --test oracle sources` is a longer run, `SOURCE_SEED=N` one case of it, and
//! `just fuzz-one sources 600 fuzz/seeds/sources` lets a fuzzer choose the cases.

mod case;
mod compare;
mod ways;

pub use compare::compare;

/// Choices of the fuzzer that are tried each time.
const SEEDS: [&[u8]; 3] = [
    include_bytes!("../../../fuzz/seeds/sources/short"),
    include_bytes!("../../../fuzz/seeds/sources/middle"),
    include_bytes!("../../../fuzz/seeds/sources/long"),
];

#[test]
fn every_source_comes_to_the_same_verdicts() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("SOURCE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SOURCE_CASES").unwrap_or(60),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for seed in SEEDS {
        compare(&runtime, &mut crate::generate::Random::of_bytes(seed));
    }
    let mut found = std::collections::BTreeMap::<&str, u64>::new();
    for seed in seeds.clone() {
        let compared = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            compare(&runtime, &mut crate::generate::Random::new(seed))
        }));
        let Ok(summary) = compared else {
            panic!("SOURCE_SEED={seed}: the failure is above")
        };
        for (name, count) in [
            ("violations", summary["violations"]["low"].as_u64()),
            ("waived", summary["waived"].as_u64()),
            ("not applicable", summary["not_applicable"].as_u64()),
        ] {
            *found.entry(name).or_default() += count.unwrap();
        }
    }
    // Nothing is proved where nothing is found.
    assert!(
        seeds.end - seeds.start < 60 || found.values().all(|count| *count > 10),
        "{found:?}"
    );
}
