#!/usr/bin/env python3
"""Whole processes side by side: builds driftgate and the programs to compare it with, runs them in turn, prints a table.

    python3 benches/processes.py                        build, then everything (four minutes after the build)
    python3 benches/processes.py --only check --runs 20 one part: check, fetch, pace, load or start
    python3 benches/processes.py --driftgate PATH       another driftgate, such as an earlier one
    python3 benches/processes.py --no-build             what lies in target/release

Needs cargo and Python 3.9 or later, nothing else. Data and reports go to target/bench. Programs take turns, so that
what else happens on the machine meets all of them; a ratio is the median of the ratios turn by turn. It ends with an
error when a program fails or when two programs do not find the same; a goal that is missed is shown, not an error.
"""

import argparse
import contextlib
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
KEPT_POLICY = os.path.join("benches", "kept.yaml")
RELEASE = os.path.join(TARGET, "release")
FLEET = os.path.join(RELEASE, "examples", "fleet")
HANDWRITTEN = os.path.join(RELEASE, "examples", "handwritten")

STAGES, PROOF_STAGES = 100_000, 2_000
APIS, STAGES_AN_API, PAGE = 300, 3, 25


def calls(apis):
    """The fewest calls for a Region: a page of APIs each 25, then one page of stages for each API."""
    return -(-apis // PAGE) + apis


# AWS's quota, and how long an answer takes there, in milliseconds.
RATE, BURST, LATENCY = 10, 40, 30
# The first Regions of a generated fleet, and its first account.
REGIONS = (
    "us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1 ap-south-1"
).split()
FIRST_ACCOUNT = 111122223333
# audit's exit code when it found violations.
VIOLATIONS = 1


class Commands:
    """Every command line of driftgate that is run here, in one place."""

    def __init__(self, driftgate):
        self.driftgate = driftgate

    def audit_saved(self, snapshot, result, policy=POLICY, report="json"):
        return [self.driftgate, "audit", "--from", snapshot, "--policy", policy, "--report", f"{report}={result}", "--quiet"]

    def audit_endpoint(self, url, result, *flags):
        audit = [self.driftgate, "audit", "--endpoint-url", url, *(flags or ["--rate", "0"])]
        return [*audit, "--policy", POLICY, "--report", f"json={result}", "--quiet"]

    def serve(self, port, *flags, apis=APIS):
        sizes = ["--apis", str(apis), "--stages", str(STAGES_AN_API), "--page-size", str(PAGE)]
        return [self.driftgate, "demo", "--serve", "--port", str(port), *sizes, *flags]

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
    compared = list(program)
    snapshot, kept = (os.path.join(DATA, name) for name in ("fleet.jsonl", "kept.json"))
    add("kept", commands.audit_saved(snapshot, kept, policy=KEPT_POLICY), 0, kept)
    for report in ("markdown", "text"):
        result = os.path.join(DATA, f"report.{report}")
        add(report, commands.audit_saved(snapshot, result, report=report), VIOLATIONS, result)
    measured = in_turn(runs, program)
    found = {name: elsewhere(facts, results[name]) for name in compared}
    for name, told in found.items():
        if told["rules"] != found["hand-written"]["rules"] or told["stages"] != STAGES:
            fail(f"{name} found {told}\nhand-written found {found['hand-written']}")
    total = sum(found["hand-written"]["rules"].values())
    for kind, suffix in (("", ""), (" zst", ", from .zst")):
        work = f"check {STAGES:,} stages, {total:,} violations as JSON{suffix}"
        yield work, "hand-written", measured["hand-written" + kind], None, None
        goal = (lambda wall, ratio, memory: ratio <= 1.0 and memory < 60, "1.0 ×, 60 MB")
        yield work, "driftgate", measured["driftgate" + kind], measured["hand-written" + kind], goal
    work = f"check {STAGES:,} stages, one rule that nothing violates"
    yield work, "driftgate", measured["kept"], None, (lambda wall, *_: wall <= 0.10, "0.10 s")
    for report in ("markdown", "text"):
        slower = median([one.wall / other.wall for one, other in zip(measured[report], measured["driftgate"])])
        work = f"check {STAGES:,} stages, {total:,} violations as {report}"
        goal = (lambda *_, slower=slower: slower <= 1.0, "no slower than JSON")
        yield work, f"driftgate ({slower:.2f} × its JSON)", measured[report], None, goal


@contextlib.contextmanager
def control_plane(commands, *flags, **sizes):
    """The embedded control plane in a process of its own: that, its URL and the environment of those who ask it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = os.path.join(DATA, "serve.txt")
    with open(said, "w") as out:
        server = subprocess.Popen(commands.serve(port, *flags, **sizes), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield server, f"http://127.0.0.1:{port}", credentials(server, port, said)
    finally:
        server.terminate()
        server.wait()


def read_all(command, result, stages, requests):
    """That all was read in the fewest requests: what is refused or fails is asked for again, and would be one more."""
    told = elsewhere(facts, result)
    if (told["stages"], told["requests"]) != (stages, requests):
        fail(f"{shlex.join(command)} read {told['stages']} stages in {told['requests']} requests; "
             f"{stages} in {requests} were meant")


def fetch(commands, runs):
    """Stages are read through the AWS SDK from the embedded control plane, which is another process."""
    result = os.path.join(DATA, "fetch.json")
    name = f"read {APIS * STAGES_AN_API} stages in {calls(APIS)} calls, no latency"
    with control_plane(commands) as (_, url, environment):
        command = commands.audit_endpoint(url, result)
        measured = in_turn(runs, {name: lambda: run(command, VIOLATIONS, environment)})
    read_all(command, result, APIS * STAGES_AN_API, calls(APIS))
    yield name, "driftgate", measured[name], None, (lambda wall, _, memory: wall < 0.15 and memory < 25, "0.15 s, 25 MB")


def pace(commands, runs):
    """The same stages from a control plane that throttles as AWS does, at its quota: how near to what it allows.

    The floor is the quota's: in t seconds it admits `burst + rate × t` requests of an account and Region. The stages
    lie in two Regions, 156 calls in each of them: (156 - 40) / 10 s = 11.6 s. That is for twenty as for two.
    """
    apis = APIS // 2
    floor = (calls(apis) - BURST) / RATE
    for accounts, regions in ((1, 2), (2, 10)):
        scopes = accounts * regions
        result = os.path.join(DATA, f"pace{scopes}.json")
        flags = ["--rate", str(RATE), "--burst", str(BURST)]
        flags += [part for region in REGIONS[:regions] for part in ("--region", region)]
        if accounts > 1:
            flags += ["--accounts", ",".join(str(FIRST_ACCOUNT + number) for number in range(accounts))]
        serving = ["--accounts", str(accounts), "--regions", str(regions), "--latency", str(LATENCY), "--throttle"]
        with control_plane(commands, *serving, apis=apis) as (_, url, environment):
            command = commands.audit_endpoint(url, result, *flags)

            def fresh():
                # The buckets of the control plane fill up again: nobody starts with what another has left.
                time.sleep(BURST / RATE + 1)
                return run(command, VIOLATIONS, environment)

            measured = in_turn(min(runs, 3), {scopes: fresh})[scopes]
        stages, requests = apis * STAGES_AN_API * scopes, calls(apis) * scopes
        read_all(command, result, stages, requests)
        wall = median([one.wall for one in measured])
        work = f"read {stages} stages in {requests} calls from {scopes} account-Regions at {RATE}/s, {LATENCY} ms"
        program = f"driftgate ({(wall / floor - 1) * 100:.1f} % over the floor of {floor:.1f} s, no 429)"
        yield work, program, measured, None, (lambda wall, *_: wall <= floor * 1.02, "2 % over the floor")


def load(commands, runs):
    """As fast as it goes, with 64 requests in flight: a fleet of more than 100,000 stages."""
    accounts, regions, apis = 4, 10, 850
    result = os.path.join(DATA, "load.json")
    flags = ["--rate", "0", "--concurrency", "64"]
    flags += [part for region in REGIONS[:regions] for part in ("--region", region)]
    flags += ["--accounts", ",".join(str(FIRST_ACCOUNT + number) for number in range(accounts))]
    stages, requests = (number * accounts * regions for number in (apis * STAGES_AN_API, calls(apis)))
    served = []
    serving = ["--accounts", str(accounts), "--regions", str(regions)]
    with control_plane(commands, *serving, apis=apis) as (server, url, environment):
        command = commands.audit_endpoint(url, result, *flags)

        def audit():
            before = Served(server)
            measured = run(command, VIOLATIONS, environment)
            served.append(Served(server, since=before, wall=measured.wall))
            return measured

        measured = in_turn(min(runs, 3), {"load": audit})["load"]
    read_all(command, result, stages, requests)
    a_second = requests / median([one.wall for one in measured])
    work = f"read {stages:,} stages in {requests:,} calls, no pace"
    goal = (lambda wall, *_: requests / wall >= 10_000, "10,000 requests a second")
    yield work, f"driftgate ({a_second:,.0f} requests a second)", measured, None, goal
    yield work, "the control plane meanwhile", served[1:], None, None


class Served:
    """What a process that goes on has taken, from /proc, so only on Linux; `since` then what it took in between."""

    def __init__(self, process, since=None, wall=0.0):
        self.wall = self.cpu = self.memory = 0.0
        if os.path.exists(f"/proc/{process.pid}/stat"):
            with open(f"/proc/{process.pid}/stat") as file:
                user, system = file.read().rpartition(")")[2].split()[11:13]
            self.cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") - (since.cpu if since else 0.0)
            with open(f"/proc/{process.pid}/status") as file:
                self.memory = int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024
        self.wall = wall


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


PARTS = {"check": check, "fetch": fetch, "pace": pace, "load": load, "start": start}


def build(driftgate, parts):
    # One at a time: examples switch features of dependencies on that the program does not have.
    if not driftgate:
        subprocess.run(["cargo", "build", "--release", "--bin", "driftgate"], check=True)
    if "check" in parts:
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
    parts = options.only or list(PARTS)
    if not options.no_build:
        build(options.driftgate, parts)
    commands = Commands(options.driftgate or os.path.join(RELEASE, "driftgate"))
    for program in (commands.driftgate, *((FLEET, HANDWRITTEN) if "check" in parts else ())):
        if not os.path.exists(program):
            fail(f"{program} is not there: run without --no-build")
    nothing = [run(["true"]) for _ in range(10)]
    load = os.getloadavg()[0]
    rows = [row for part in parts for row in PARTS[part](commands, options.runs)]
    table(rows, max(one.memory for one in nothing))
    print(f"\n{os.cpu_count()} CPUs, load {load:.1f} before; {options.runs} runs each, in turn; ", end="")
    print(f"a process that does nothing takes {median([one.wall for one in nothing]) * 1000:.1f} ms.")


if __name__ == "__main__":
    main()
