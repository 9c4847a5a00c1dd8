use super::*;

/// The contract's limits, 39 tokens at 9.95 a second, and room for all.
const LIMITS: Limits = Limits {
    rate: 10.0,
    burst: 40,
    concurrency: 64,
    scopes: 256,
};
const UNPACED: Limits = Limits {
    rate: 0.0,
    ..LIMITS
};

fn scope(sent: u64, expected: u64, tokens: f64) -> OpenScope {
    OpenScope {
        sent,
        expected,
        listed: true,
        pace: Some(Pace {
            tokens,
            rate: 9.95,
            pause: 0.0,
        }),
    }
}

fn unlisted(sent: u64) -> OpenScope {
    OpenScope {
        listed: false,
        ..scope(sent, sent + 1, 38.0)
    }
}

fn unpaced(open: OpenScope) -> OpenScope {
    OpenScope { pace: None, ..open }
}

/// The estimate: calls, and the milliseconds that are left.
#[track_caller]
fn estimated(known: &Known, limits: Limits) -> (u64, u128) {
    let standing = known.estimate(limits);
    (
        standing.expected.unwrap(),
        standing.left.unwrap().as_millis(),
    )
}

#[test]
fn nothing_is_foreseen_before_a_region_is_listed() {
    let known = Known {
        planned: 17,
        open: vec![unlisted(1), unlisted(2)],
        ..Known::default()
    };
    let standing = known.estimate(LIMITS);
    assert_eq!((standing.done, standing.planned, standing.sent), (0, 17, 3));
    assert_eq!((standing.expected, standing.left), (None, None));
}

#[test]
fn one_region_is_limited_by_its_bucket() {
    // 117 calls beyond the burst of 39 at 9.95 a second.
    let known = Known {
        planned: 1,
        open: vec![scope(0, 156, 39.0)],
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS), (156, 11_758));
    let known = Known {
        planned: 1,
        open: vec![scope(100, 156, 0.5)],
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS), (156, 5_577));
    let known = Known {
        planned: 1,
        open: vec![scope(0, 39, 39.0)],
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS), (39, 0));
}

#[test]
fn the_largest_region_decides_if_all_fit() {
    let open = vec![scope(50, 60, 0.0), scope(40, 438, 0.0), scope(10, 40, 29.0)];
    let known = Known {
        planned: 3,
        open,
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS), (538, 40_000));
}

#[test]
fn an_unlisted_region_counts_as_the_mean() {
    let open = vec![scope(40, 100, 0.0), unlisted(1)];
    let known = Known {
        done: 1,
        fetched: 1,
        spent: 140,
        planned: 6,
        open,
        ..Known::default()
    };
    // 140 done, 100 listed, and 120 each for the one that is open and the three that are not.
    let (calls, left) = estimated(&known, LIMITS);
    assert_eq!(calls, 140 + 100 + 4 * 120);
    // The one that is open has sent 1 and has 38 tokens; those that are not begin with 39.
    assert_eq!(left, 8_140);
}

#[test]
fn an_unlisted_region_counts_at_least_its_requests() {
    let known = Known {
        done: 1,
        fetched: 1,
        spent: 2,
        planned: 2,
        open: vec![unlisted(9)],
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS).0, 12);
}

#[test]
fn resumed_regions_do_not_change_the_mean() {
    let known = Known {
        done: 9,
        fetched: 1,
        spent: 100,
        planned: 11,
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS).0, 300);
}

#[test]
fn many_regions_wait_for_slots() {
    // Each takes (238 - 39) / 9.95 = 20 s, and two are read at once.
    let known = Known {
        done: 1,
        fetched: 1,
        spent: 238,
        planned: 9,
        ..Known::default()
    };
    assert_eq!(
        estimated(
            &known,
            Limits {
                scopes: 2,
                ..LIMITS
            }
        ),
        (9 * 238, 80_000)
    );
}

#[test]
fn without_a_pace_the_answers_decide() {
    let open = vec![unpaced(scope(100, 6500, 0.0))];
    let known = Known {
        planned: 1,
        seconds_an_answer: 0.05,
        open,
        ..Known::default()
    };
    // 6400 answers of 50 ms, 64 at once, and the last one.
    assert_eq!(estimated(&known, UNPACED), (6500, 5_050));
    assert_eq!(
        estimated(
            &known,
            Limits {
                concurrency: 1,
                ..UNPACED
            }
        ),
        (6500, 320_050)
    );
}

#[test]
fn slow_answers_hold_a_pace_up() {
    let open = vec![scope(10, 110, 0.0)];
    let known = Known {
        planned: 1,
        seconds_an_answer: 1.0,
        open,
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS).1, 11_050);
    assert_eq!(
        estimated(
            &known,
            Limits {
                concurrency: 2,
                ..LIMITS
            }
        )
        .1,
        51_000
    );
}

#[test]
fn a_pause_after_throttling_counts() {
    let mut paused = scope(10, 109, 0.0);
    paused.pace = Some(Pace {
        tokens: 0.0,
        rate: 4.95,
        pause: 3.0,
    });
    let known = Known {
        planned: 1,
        open: vec![paused],
        ..Known::default()
    };
    assert_eq!(estimated(&known, LIMITS).1, 23_000);
}

#[test]
fn at_the_end_nothing_is_left() {
    let known = Known {
        done: 2,
        fetched: 2,
        planned: 2,
        spent: 31,
        stages: 90,
        ..Known::default()
    };
    let standing = known.estimate(LIMITS);
    assert_eq!(
        (standing.sent, standing.expected, standing.left),
        (31, Some(31), Some(Duration::ZERO))
    );
}

/// The whole way of a fetch: two accounts, one of them closed, and every call that is not foreseen at first.
#[test]
fn a_fetch_from_beginning_to_end() {
    let progress = Progress::new(UNPACED);
    let pacer = Arc::new(Pacer::new(0.0, 1));
    let planned = |progress: &Progress| progress.estimate().planned;
    assert_eq!(planned(&progress), 0);
    progress.plan(3, 17);
    assert_eq!(planned(&progress), 51);
    progress.enter(0);
    progress.enter(2);
    progress.enter(1);
    assert_eq!(planned(&progress), 3);

    let first = progress.open(&pacer);
    first.sent();
    assert_eq!(
        (progress.estimate().sent, progress.estimate().expected),
        (1, None)
    );
    // A second page of APIs, then a first look at two APIs, one of them with two pages, a retry, and a second look.
    first.foresee(1);
    first.sent();
    first.listed(2);
    assert_eq!(progress.estimate().expected, Some(3 * 4));
    for _ in 0..3 {
        first.foresee(1);
    }
    assert_eq!(progress.estimate().expected, Some(3 * 7));
    for _ in 0..5 {
        first.sent();
        first.answered(Duration::from_millis(64));
    }
    first.read(6);
    progress.close(&first);
    let standing = progress.estimate();
    assert_eq!(
        (
            standing.done,
            standing.planned,
            standing.sent,
            standing.stages
        ),
        (1, 3, 7, 6)
    );
    // 14 more, 64 at once, 64 ms each, and the last answer.
    assert_eq!(
        (standing.expected, standing.left),
        (Some(21), Some(Duration::from_millis(14 + 64)))
    );

    // One that an earlier run had read, and one that ends before what was foreseen.
    progress.close(&progress.open(&pacer));
    let last = progress.open(&pacer);
    last.sent();
    last.listed(40);
    assert_eq!(progress.estimate().expected, Some(48));
    progress.close(&last);
    let standing = progress.estimate();
    assert_eq!(
        (
            standing.done,
            standing.planned,
            standing.sent,
            standing.expected
        ),
        (3, 3, 8, Some(8))
    );
}

#[test]
fn resumed_regions_are_done() {
    let progress = Progress::new(UNPACED);
    progress.plan(2, 3);
    for stages in [4, 0, 5] {
        progress.resumed(stages);
    }
    progress.enter(0);
    let standing = progress.estimate();
    assert_eq!(
        (
            standing.done,
            standing.planned,
            standing.stages,
            standing.expected
        ),
        (3, 6, 9, None)
    );
}
