"""`dictbench check` and the mutants: which tool notices which mistake, and that right engines never raise an alarm.

| mutant            | `dictbench run` | `dictbench check` | seen by check as                             |
|-------------------|-----------------|-------------------|----------------------------------------------|
| lost-update       | yes             | yes               | an answer that no order explains             |
| stale-read        | no              | yes               | an answer that no order explains             |
| torn-value        | by luck         | yes               | a value nobody wrote                         |
| reverted-write    | by luck         | yes               | an answer that no order explains             |
| resurrected-erase | yes             | yes               | an answer that no order explains             |
| doubled-insert    | yes             | yes               | size() and for_each() against the gets       |
| lost-after-growth | yes             | no: few keys      | -                                            |
| non-atomic-add    | yes             | yes               | an answer that no order explains             |
| changed-byte      | yes             | yes               | a value nobody wrote                         |
| cut-value         | yes             | yes               | a value nobody wrote                         |
| misplaced-value   | yes             | yes               | a value nobody wrote, or one overwritten     |
"""

import json
import os
import signal
import subprocess
import time

import pytest

from leftovers import left_over
from locations import BUILD, COMMAND

MUTANT = BUILD / "tests" / "libmutant.so"
SHARED = ["boost-map", "stream-log", "lmdb", "sqlite-wal", "redis", "memcached"]
NOTICED_BY_CHECK = [
    "lost-update", "stale-read", "torn-value", "reverted-write", "resurrected-erase", "doubled-insert", "non-atomic-add",
    "changed-byte", "cut-value", "misplaced-value",
]


def checks(path):
    return [record for record in map(json.loads, path.read_text().splitlines()) if record["type"] == "check"]


def skip_unless_available(record):
    if record["verdict"].startswith("unavailable"):
        pytest.skip(record["verdict"])


@pytest.mark.parametrize("inner", ["boost-map", "lmdb"])
@pytest.mark.parametrize("kind", NOTICED_BY_CHECK)
def test_a_mutant_is_noticed(dictbench, tmp_path, kind, inner):
    # Few keys are there when a round ends, and only then is for_each() looked at.
    every = 2 if kind == "doubled-insert" else 50
    result = dictbench(
        "check", "--plugin", MUTANT, "--engine", f"mutant?engine={inner}&kind={kind}&every={every}", "--operations", 50_000,
        "--seed", 3, "--out", "r.jsonl",
    )
    (record,) = checks(tmp_path / "r.jsonl")
    skip_unless_available(record)
    assert result.returncode == 1, result.stdout
    assert record["verdict"].startswith("illegal: ")
    assert record["elapsed_s"] < 10
    if kind == "doubled-insert":
        assert "for_each()" in record["verdict"]
    else:
        table = [line for line in result.stdout.splitlines() if line.startswith("> ")]
        assert len(table) == 1, result.stdout


@pytest.mark.parametrize("kind, workload, scale", [
    ("lost-after-growth", "load-1m", 0.02), ("lost-update", "zipf-95-5", 0.02), ("doubled-insert", "load-1m", 0.002),
    ("resurrected-erase", "churn", 0.02), ("non-atomic-add", "lock-counter", 0.1),
])
def test_verification_of_a_run_notices_a_mutant(dictbench, tmp_path, kind, workload, scale):
    result = dictbench(
        "run", "--plugin", MUTANT, "--engine", f"mutant?kind={kind}", "--workload", workload, "--scale", scale,
        "--repetitions", 1, "--processes", 2, "--out", "r.jsonl",
    )
    assert result.returncode == 1, result.stderr
    cells = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]]
    assert any(cell["verified"].startswith("failed") for cell in cells)


def test_the_mutant_without_a_mistake_passes(dictbench, tmp_path):
    result = dictbench("check", "--plugin", MUTANT, "--engine", "mutant?kind=none", "--operations", 50_000, "--out", "r.jsonl")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("engine", [*SHARED, "local", "sqlite-wal?batch=16"])
@pytest.mark.parametrize("kills", [0, 20])
def test_a_right_engine_passes(dictbench, tmp_path, engine, kills):
    before = left_over("/dev/shm")
    result = dictbench("check", "--engine", engine, "--operations", 40_000, "--kills", kills, "--out", "r.jsonl")
    (record,) = checks(tmp_path / "r.jsonl")
    skip_unless_available(record)
    assert result.returncode == 0, result.stdout
    assert record["verdict"] == "ok"
    assert record["operations"] >= 40_000
    assert record["kills"] == kills
    assert left_over("/dev/shm") <= before


@pytest.mark.parametrize("engine", SHARED)
def test_kills_among_many_waiters_hold_nobody_up(dictbench, tmp_path, engine):
    # On one key everybody waits for the same lock, and a process that is killed while it is being woken takes the
    # wake-up with it: those who sleep must find out by themselves.
    result = dictbench("check", "--engine", engine, "--operations", 40_000, "--kills", 16, "--keys", 1, "--out", "r.jsonl")
    (record,) = checks(tmp_path / "r.jsonl")
    skip_unless_available(record)
    assert result.returncode == 0, result.stdout


def test_promises_are_told(dictbench, tmp_path):
    result = dictbench("check", "--engine", "null", "--engine", "local", "--operations", 1000, "--out", "r.jsonl")
    assert result.returncode == 0
    nothing, private = checks(tmp_path / "r.jsonl")
    assert nothing["verdict"].startswith("not applicable") and nothing["promise"] == "none"
    assert private["verdict"] == "ok" and private["promise"] == "private dicts"


def test_an_exported_history_is_decided_alike(dictbench, tmp_path):
    engine = "mutant?kind=lost-update&every=50"
    run = dictbench("check", "--plugin", MUTANT, "--engine", engine, "--operations", 20_000, "--export", "h.json", "--out", "r.jsonl")
    again = dictbench("check", "--history", "h.json")
    assert (run.returncode, again.returncode) == (1, 1)
    assert run.stdout.splitlines()[1:] == again.stdout.splitlines()[1:]
    right = dictbench("check", "--engine", "boost-map", "--operations", 5000, "--kills", 2, "--export", "h.json", "--out", "r.jsonl")
    again = dictbench("check", "--history", "h.json")
    assert (right.returncode, again.returncode) == (0, 0)
    (_, record) = checks(tmp_path / "r.jsonl")
    assert len(json.loads((tmp_path / "h.json").read_text())["operations"]) == record["operations"]


def test_edn_has_a_begin_and_an_end_for_each_operation(dictbench, tmp_path):
    result = dictbench("check", "--engine", "boost-map", "--operations", 2000, "--kills", 3, "--export", "h.edn", "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    (record,) = checks(tmp_path / "r.jsonl")
    lines = (tmp_path / "h.edn").read_text().splitlines()
    count = {kind: sum(f":type :{kind}," in line for line in lines) for kind in ("invoke", "ok", "info")}
    assert count["invoke"] == record["operations"] == count["ok"] + count["info"]
    assert count["info"] == record["open"]


def test_the_time_limit_gives_unknown_which_does_not_pass(dictbench, tmp_path):
    # 40 sets overlap, and before the first returns any subset of the others may have come: hopeless.
    operations = [
        {"process": i, "key": 0, "kind": "set", "value": i, "begin_ns": i, "end_ns": 1000 + i} for i in range(40)
    ]
    (tmp_path / "h.json").write_text(json.dumps({"format": "dictbench-history", "version": 1, "operations": operations}))
    result = dictbench("check", "--history", "h.json", "--limit", 1)
    assert result.returncode == 1
    assert "unknown: key 0: " in result.stdout


@pytest.mark.parametrize("arguments, words", [
    (["--engine", "nosuch"], "nosuch"),
    (["--history", "absent.json"], "absent.json: cannot be read"),
    (["--engine", "null", "--engine", "local", "--export", "h.json"], "one engine"),
    (["--engine", "null", "--export", "h.txt"], ".json or .edn"),
    (["--processes", "65"], "65"),
])
def test_bad_input_is_one_line(dictbench, arguments, words):
    result = dictbench("check", *arguments)
    assert result.returncode == 2
    assert words in result.stderr and len(result.stderr.splitlines()) == 1


def test_an_engine_that_dies_is_unknown(dictbench, tmp_path):
    before = left_over("/dev/shm")
    result = dictbench("check", "--plugin", MUTANT, "--engine", "mutant?kind=die", "--operations", 20_000, "--out", "r.jsonl")
    assert result.returncode == 1
    (record,) = checks(tmp_path / "r.jsonl")
    assert record["verdict"].startswith("unknown: a process was killed by signal 9")
    assert left_over("/dev/shm") <= before


def test_a_killed_driver_leaves_nothing_once_the_next_command_ran(dictbench, tmp_path):
    before = left_over("/dev/shm")
    process = subprocess.Popen([COMMAND, "check", "--engine", "boost-map", "--operations", "100000000"], cwd=tmp_path)
    children = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and len(children) < 4:
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as told:
            children = told.read().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{child}") for child in children):
        time.sleep(0.02)
    assert not any(os.path.exists(f"/proc/{child}") for child in children)
    dictbench("list", "tables")
    assert left_over("/dev/shm") <= before
