# What a change must pass before it is proposed: the same checks as .ci/run, without what that installs.
ready: fmt-check lint doc test

# Formats the code.
fmt:
    cargo fmt

fmt-check:
    cargo fmt --check

lint:
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --no-default-features -- -D warnings

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

test:
    cargo test

# The tests with the second opinion of moto; needs Python 3 with venv.
test-moto:
    DRIFTGATE_MOTO_PYTHON="$(sh tests/moto/setup.sh)" cargo test

# Fuzzes every reader for so many seconds, on stable Rust; needs cargo-fuzz.
fuzz seconds="600":
    just fuzz-one load {{seconds}} policies
    just fuzz-one run-file {{seconds}} fuzz/seeds/run-file tests/cmd/run-file.in
    just fuzz-one waivers {{seconds}} fuzz/seeds/waivers tests/cmd/waivers.in
    just fuzz-one result {{seconds}} tests/cmd/report.in
    just fuzz-one merge {{seconds}} fuzz/seeds/merge
    just fuzz-one snapshot {{seconds}} fuzz/seeds/snapshot tests/cmd/audit.in
    just fuzz-one scan {{seconds}} fuzz/seeds/scan
    just fuzz-one cli-output {{seconds}} fuzz/seeds/cli-output tests/cmd/audit.in
    just fuzz-one sources {{seconds}} fuzz/seeds/sources

# One of them, beginning with the files of some folders. What takes ten seconds or 2 GiB is a failure.
fuzz-one target seconds *seeds:
    mkdir -p fuzz/corpus/{{target}}
    cargo fuzz run -s none {{target}} fuzz/corpus/{{target}} {{seeds}} -- -max_total_time={{seconds}} -timeout=10 -rss_limit_mb=2048

# Licences, bans, sources and advisories of the dependencies; needs cargo-deny.
deny:
    cargo deny check

# All of what CI does.
ci:
    bash .ci/run
