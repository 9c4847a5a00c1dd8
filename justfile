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

# Licences, bans, sources and advisories of the dependencies; needs cargo-deny.
deny:
    cargo deny check

# All of what CI does.
ci:
    bash .ci/run
