#!/bin/sh
# Makes the environment of the moto test in target/moto-venv, unless it is there, and prints its python:
#   DRIFTGATE_MOTO_PYTHON=$(tests/moto/setup.sh) cargo test
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
requirements=$repository/tests/moto/requirements.txt
venv=$repository/target/moto-venv

# The copy is made last, so a broken installation is never taken for a whole one.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    {
        "${PYTHON:-python3}" -m venv --clear "$venv"
        # Nothing that is not pinned, and nobody's build script is run.
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$requirements"
        "$venv/bin/pip" check
        cp "$requirements" "$venv/requirements.txt"
    } >&2
fi
echo "$venv/bin/python"
