#!/usr/bin/env python3
"""Whole processes side by side: builds driftgate and the programs to compare it with, runs them in turn, prints a table.

    python3 benches/processes.py                        build, then everything (a minute after the build)
    python3 benches/processes.py --only check --runs 20 one part: check, fetch or start
    python3 benches/processes.py --driftgate PATH       another driftgate, such as an earlier one
    python3 benches/processes.py --no-build             what lies in target/release

Needs cargo and Python 3.9 or later, nothing else. Data and reports go to target/bench. Programs take turns, so that
what else happens on the machine meets all of them; a ratio is the median of the ratios turn by turn. It ends with an
error when a program fails or when two programs do not find the same; a goal that is missed is shown, not an error.
"""

import argparse
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")
DATA = os.path.join(TARGET, "bench")
POLICY = os.path.join("benches", "six.yaml")
RELEASE = os.path.join(TARGET, "release")
FLEET = os.path.join(RELEASE, "examples", "fleet")
HANDWRITTEN = os.path.join(RELEASE, "examples", "handwritten")

STAGES, PROOF_STAGES = 100_000, 2_000
APIS, STAGES_AN_API, PAGE = 300, 3, 25
# A page of APIs each 25, then one page of stages for each API.
CALLS = -(-APIS // PAGE) + APIS
# audit's exit code when it found violations.
VIOLATIONS = 1


class Commands:
    """Every command line of driftgate that is run here, in one place."""

    def __init__(self, driftgate):
        self.driftgate = driftgate

    def audit_saved(self, snapshot, result):
        return [self.driftgate, "audit", "--from", snapshot, "--policy", POLICY, "--report", f"json={result}", "--quiet"]

    def audit_endpoint(self, url, result):
        audit = [self.driftgate, "audit", "--endpoint-url", url, "--rate", "0"]
        return [*audit, "--policy", POLICY, "--report", f"json={result}", "--quiet"]

    def serve(self, port):
        sizes = ["--apis", str(APIS), "--stages", str(STAGES_AN_API), "--page-size", str(PAGE)]
        return [self.driftgate, "demo", "--serve", "--port", str(port), *sizes]

    def check_policies(self):
        return [self.driftgate, "policy", "check", "policies"]


class Run:
    """What one process took: seconds, seconds of CPU, peak memory in MB."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def fail(message):
    sys.exit(f"error: {message}")


def run(command, expected=0, environment=None):
    """Runs a command to its end and measures it."""
    errors = os.path.join(DATA, "stderr.txt")
    start = time.perf_counter()
    # Not subprocess: its vfork counts this script's own peak as the child's.
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            os.execvpe(command[0], command, environment or os.environ)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code != expected:
        with open(errors, errors="replace") as file:
            said = file.read()[-2000:].strip()
        fail(f"exit code {code} instead of {expected}: {shlex.join(command)}\n{said}")
    return Run(wall, usage)


def in_turn(runs, programs):
    """Runs each program that often, in turn, after a round that does not count."""
    measured = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, program in programs.items():
            result = program()
            if turn > 0:
                measured[name].append(result)
    return measured


def median(numbers):
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


# What a report says. They are large, so each is read by a process of its own: memory that this script has once used
# would be counted for the programs that it starts.


def facts(path):
    """Violations by rule, stages and requests of a report; of a hand-written one, no requests."""
    with open(path) as file:
        result = json.load(file)
    rules = {}
    for violation in result["violations"]:
        rules[violation["rule"]] = rules.get(violation["rule"], 0) + 1
    scopes = result.get("scopes", [])
    stages = result["summary"]["stages"] if "summary" in result else result["stages"]
    return {"rules": rules, "stages": stages, "requests": sum(scope["requests"] or 0 for scope in scopes)}


def difference(one, other):
    """The first violation of two reports that is not the same in both, with all its keys; None when all are."""
    lists = []
    for path in (one, other):
        with open(path) as file:
            violations = json.load(file)["violations"]
        lists.append({violation["fingerprint"]: violation for violation in violations})
    for fingerprint in lists[0].keys() | lists[1].keys():
        pair = [violations.get(fingerprint) for violations in lists]
        if pair[0] != pair[1]:
            return pair
    return None


def elsewhere(function, *arguments):
    """The result of a function of this file, from a process of its own."""
    command = [sys.executable, os.path.abspath(__file__), "--elsewhere", function.__name__, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


# The parts. Each yields rows of the table: work, program, measurements, the ones to compare with, goal.


def check(commands, runs):
    """A snapshot is checked and every violation is written as JSON, plain and compressed."""
    program, results = {}, {}

    def add(name, command, expected, result):
        def fresh():
            # Both write a new file; to empty an old one takes as long as to write it.
            if os.path.exists(result):
                os.remove(result)
            return run(command, expected)

        program[name], results[name] = fresh, result

    def both(kind, snapshot):
        for name, make, expected in (
            ("hand-written", lambda result: [HANDWRITTEN, snapshot, result], 0),
            ("driftgate", lambda result: commands.audit_saved(snapshot, result), VIOLATIONS),
        ):
            result = os.path.join(DATA, f"{name}{kind.replace(' ', '')}.json")
            add(name + kind, make(result), expected, result)

    proof = os.path.join(DATA, "proof.jsonl")
    run([FLEET, proof, str(PROOF_STAGES)])
    both(" proof", proof)
    for fresh in program.values():
        fresh()
    unequal = elsewhere(difference, results["hand-written proof"], results["driftgate proof"])
    if unequal is not None:
        fail("on %s the two programs differ:\n%s\n%s" % (proof, *map(json.dumps, unequal)))
    program.clear()

    for kind, name in (("", "fleet.jsonl"), (" zst", "fleet.jsonl.zst")):
        snapshot = os.path.join(DATA, name)
        run([FLEET, snapshot, str(STAGES)])
        both(kind, snapshot)
    measured = in_turn(runs, program)
    found = {name: elsewhere(facts, results[name]) for name in program}
    for name, told in found.items():
        if told["rules"] != found["hand-written"]["rules"] or told["stages"] != STAGES:
            fail(f"{name} found {told}\nhand-written found {found['hand-written']}")
    total = sum(found["hand-written"]["rules"].values())
    for kind, suffix in (("", ""), (" zst", ", from .zst")):
        work = f"check {STAGES:,} stages, {total:,} violations as JSON{suffix}"
        yield work, "hand-written", measured["hand-written" + kind], None, None
        goal = (lambda wall, ratio, memory: ratio <= 1.5 and memory < 60, "1.5 ×, 60 MB")
        yield work, "driftgate", measured["driftgate" + kind], measured["hand-written" + kind], goal


def fetch(commands, runs):
    """Stages are read through the AWS SDK from the embedded control plane, which is another process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = os.path.join(DATA, "serve.txt")
    with open(said, "w") as out:
        server = subprocess.Popen(commands.serve(port), stdout=out, stderr=subprocess.STDOUT)
    try:
        environment = credentials(server, port, said)
        result = os.path.join(DATA, "fetch.json")
        command = commands.audit_endpoint(f"http://127.0.0.1:{port}", result)
        name = f"read {APIS * STAGES_AN_API} stages in {CALLS} calls, no latency"
        measured = in_turn(runs, {name: lambda: run(command, VIOLATIONS, environment)})
    finally:
        server.terminate()
        server.wait()
    told = elsewhere(facts, result)
    if (told["stages"], told["requests"]) != (APIS * STAGES_AN_API, CALLS):
        fail(f"{shlex.join(command)} read {told['stages']} stages in {told['requests']} requests: {name} was meant")
    yield name, "driftgate", measured[name], None, (lambda wall, _, memory: wall < 0.15 and memory < 25, "0.15 s, 25 MB")


def credentials(server, port, said):
    """The environment that the server prints for its users, once it listens."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    for _ in range(200):
        time.sleep(0.05)
        with open(said) as file:
            text = file.read()
        printed = dict(re.findall(r"""\b(AWS_[A-Z0-9_]+)=["']?([^"'\s]+)""", text))
        with socket.socket() as probe:
            listens = probe.connect_ex(("127.0.0.1", port)) == 0
        if listens and {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} <= printed.keys():
            return {**own, **printed}
        if server.poll() is not None:
            break
    fail(f"the control plane does not listen on port {port} or prints no credentials:\n{text[-2000:]}")


def start(commands, runs):
    """A command that does next to nothing."""
    command = commands.check_policies()
    measured = in_turn(max(runs, 30), {"start": lambda: run(command)})["start"]
    yield "policy check policies", "driftgate", measured, None, (lambda wall, *_: wall < 0.03, "30 ms")


PARTS = {"check": check, "fetch": fetch, "start": start}


def build(driftgate):
    # One at a time: examples switch features of dependencies on that the program does not have.
    if not driftgate:
        subprocess.run(["cargo", "build", "--release", "--bin", "driftgate"], check=True)
    subprocess.run(["cargo", "build", "--release", "--example", "fleet", "--example", "handwritten"], check=True)


def table(rows, floor):
    print("| work | program | wall: median (best) | CPU | peak memory | to hand-written | goal |")
    print("|---|---|---|---|---|---|---|")
    for work, program, runs, base, goal in rows:
        wall, best = median([one.wall for one in runs]), min(one.wall for one in runs)
        memory = max(one.memory for one in runs)
        ratio = median([one.wall / other.wall for one, other in zip(runs, base)]) if base else None
        shown = f"{memory:.0f} MB" if memory > floor * 1.05 else f"under {floor:.0f} MB"
        met = f"{goal[1]}: {'met' if goal[0](wall, ratio, memory) else 'MISSED'}" if goal else ""
        print(
            f"| {work} | {program} | {wall:.3f} s ({best:.3f}) | {median([one.cpu for one in runs]):.3f} s "
            f"| {shown} | {f'{ratio:.2f} ×' if ratio else ''} | {met} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="how often each program is run (10)")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    parser.add_argument("--driftgate", help="measure this program instead of building one")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--elsewhere", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.elsewhere:
        function, *arguments = options.elsewhere
        return print(json.dumps({"facts": facts, "difference": difference}[function](*arguments)))
    if options.runs < 1:
        parser.error("--runs needs at least 1")
    if options.driftgate:
        options.driftgate = os.path.abspath(options.driftgate)

    os.chdir(ROOT)
    os.makedirs(DATA, exist_ok=True)
    if not options.no_build:
        build(options.driftgate)
    commands = Commands(options.driftgate or os.path.join(RELEASE, "driftgate"))
    for program in (commands.driftgate, FLEET, HANDWRITTEN):
        if not os.path.exists(program):
            fail(f"{program} is not there: run without --no-build")
    nothing = [run(["true"]) for _ in range(10)]
    load = os.getloadavg()[0]
    rows = [row for part in options.only or PARTS for row in PARTS[part](commands, options.runs)]
    table(rows, max(one.memory for one in nothing))
    print(f"\n{os.cpu_count()} CPUs, load {load:.1f} before; {options.runs} runs each, in turn; ", end="")
    print(f"a process that does nothing takes {median([one.wall for one in nothing]) * 1000:.1f} ms.")


if __name__ == "__main__":
    main()
