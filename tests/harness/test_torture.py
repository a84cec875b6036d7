"""`dictbench torture`: right engines pass, wrong ones do not, nothing is left."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest

from locations import BUILD, COMMAND

MUTANT = BUILD / "tests" / "libmutant.so"
ENGINES = ["null", "local", "boost-map", "stream-log", "redis", "memcached", "sqlite-wal", "lmdb"]
PROCESS_FAULTS = ["kill", "crash-points", "stop", "hang", "server-kill", "server-stop"]


def tortures(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["type"] == "run"
    return {record["fault"]: record for record in lines[1:] if record["type"] == "torture"}


def names_of(pid_owner, folder):
    """What a process with this pid has made in a shared place."""
    prefix = f"dictbench-{os.geteuid()}-{pid_owner}."
    return [name for name in os.listdir(folder) if name.startswith(prefix)]


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


@pytest.fixture
def private_tmp(monkeypatch):
    """A temporary folder of the test's own: in memory, because a disk that others keep busy can stall a process for
    longer than patience is; short, because a Unix socket's path must stay under 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="db-", dir="/dev/shm") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield folder


@pytest.mark.parametrize("engine", ENGINES)
def test_a_right_engine_keeps_its_promises(dictbench, tmp_path, private_tmp, engine):
    result = dictbench(
        "torture", "--engine", engine, "--kills", 10, "--seed", 7, "--faults", ",".join(PROCESS_FAULTS), "--out", "r.jsonl"
    )
    records = tortures(tmp_path / "r.jsonl")
    if all(record["status"].startswith("unavailable") for record in records.values()):
        pytest.skip(records["kill"]["status"])
    assert result.returncode == 0, result.stdout + result.stderr
    assert list(records) == PROCESS_FAULTS
    for record in records.values():
        assert record["status"] == "ok" or record["status"].startswith("not applicable: ")
        assert record["lost"] == 0
    for fault in ("kill", "stop", "hang"):
        assert records[fault]["tried"] >= 3 and records[fault]["operations"] > 0
    assert len(result.stdout.splitlines()) == len(PROCESS_FAULTS)
    assert os.listdir(private_tmp) == []


def test_every_step_of_the_load_is_tried(dictbench, tmp_path):
    result = dictbench("torture", "--engine", "boost-map", "--kills", 1, "--faults", "crash-points", "--out", "r.jsonl")
    assert result.returncode == 0, result.stdout + result.stderr
    facts = tortures(tmp_path / "r.jsonl")["crash-points"]["facts"]
    for point in ("boost-map.set.stored", "rwlock.lock.done", "rwlock.claim.claimed", "rwlock.free.done"):
        reached, tried = facts[f"point {point}"].split(" tries")[0].removeprefix("reached in ").split(" of ")
        assert 0 < int(reached) <= int(tried)
    assert "boost-map.set.changed" not in facts["points_not_visited"]


SHARED = ["lockfree", "lockfree?partitions=1", "bucket-table", "stream-log", "boost-map", "blob", "lmdb", "sqlite-wal"]


@pytest.mark.parametrize("engine", SHARED)
def test_an_operation_stopped_at_any_instruction_does_no_harm(dictbench, tmp_path, private_tmp, engine):
    result = dictbench(
        "torture", "--engine", engine, "--faults", "step", "--seconds", 2, "--seed", 3, "--patience", 5, "--out", "r.jsonl"
    )
    record = tortures(tmp_path / "r.jsonl")["step"]
    if record["status"].startswith("unavailable"):
        pytest.skip(record["status"])
    assert result.returncode == 0, result.stdout + result.stderr
    assert record["status"] == "ok"
    operations = [name for name in record["facts"] if name.startswith("step ")]
    assert len(operations) == 8 and record["tried"] >= 8 and record["operations"] > 0
    # The program that is measured, which has no crash points.
    assert record["facts"]["stepped_program"] == "as measured"
    assert os.listdir(private_tmp) == []


def test_what_is_wrong_for_a_moment_only_is_caught_by_stepping(dictbench, tmp_path, private_tmp):
    result = dictbench(
        "torture", "--plugin", MUTANT, "--engine", "mutant?engine=blob&kind=torn-value&every=1", "--faults", "step",
        "--seconds", 10, "--seed", 3, "--out", "r.jsonl",
    )
    record = tortures(tmp_path / "r.jsonl")["step"]
    if record["status"].startswith("unavailable"):
        pytest.skip(record["status"])
    assert result.returncode == 1, result.stdout + result.stderr
    assert record["status"].startswith("broken: set (overwrite) ") and " at instruction " in record["status"]
    assert record["facts"]["speaks_against"] == "survives-kill linearizable"  # dictbench choose goes by it
    assert os.listdir(private_tmp) == []


@pytest.mark.parametrize("engine, why", [("null", "it stores nothing"), ("local", "its processes share nothing"),
                                         ("sqlite-wal?batch=8", "its sets take effect after they return"),
                                         ("bucket-table?value=16",
                                          "its values are shorter than 30 bytes, so they cannot tell whose they are"),
                                         ("redis", "its operations run in a server")])
def test_stepping_says_where_it_has_nothing_to_do(dictbench, tmp_path, engine, why):
    result = dictbench("torture", "--engine", engine, "--faults", "step", "--out", "r.jsonl")
    status = tortures(tmp_path / "r.jsonl")["step"]["status"]
    assert result.returncode == 3
    assert status == f"not applicable: {why}" or status.startswith("unavailable")


WORDS = {
    "lost-update": ["is lost"], "changed-byte": ["not whole"], "misplaced-value": ["not whole"],
    "cut-value": ["not whole", "is lost"],  # what is cut may be a counter
    "die": ["killed by signal 9"], "hang": ["got nothing done for 2.0 s"],
}


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("inner", ["boost-map", "lmdb"])
def test_a_wrong_engine_is_caught(dictbench, tmp_path, private_tmp, kind, inner):
    result = dictbench(
        "torture", "--plugin", MUTANT, "--engine", f"mutant?engine={inner}&kind={kind}", "--faults", "kill",
        "--kills", 50, "--patience", 2, "--out", "r.jsonl",
    )
    assert result.returncode == 1, result.stdout + result.stderr
    record = tortures(tmp_path / "r.jsonl")["kill"]
    assert record["status"].startswith("broken: ") and any(words in record["status"] for words in WORDS[kind])
    assert (record["lost"] > 0) == ("is lost" in record["status"])
    assert os.listdir(private_tmp) == []


@pytest.mark.parametrize("engine", ["boost-map", "lmdb"])
def test_no_survivor_waits_for_a_wake_up_that_a_killed_one_took_along(dictbench, tmp_path, private_tmp, engine):
    result = dictbench(
        "torture", "--engine", engine, "--faults", "kill", "--kills", 60, "--processes", 6, "--seed", 5, "--patience", 5,
        "--out", "r.jsonl",
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("kind", ["none", "full"])
def test_a_refused_write_is_no_broken_promise(dictbench, tmp_path, private_tmp, kind):
    result = dictbench(
        "torture", "--plugin", MUTANT, "--engine", f"mutant?engine=lmdb&kind={kind}", "--faults", "kill,stop", "--kills", 10,
        "--out", "r.jsonl",
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_unknown_faults_are_refused_with_the_list(dictbench):
    result = dictbench("torture", "--engine", "null", "--faults", "kill,quake")
    assert result.returncode == 2
    assert "'quake' is no fault; there are kill, crash-points" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    told = dictbench("list", "faults").stdout
    assert [line.split()[0] for line in told.splitlines()][: len(PROCESS_FAULTS)] == PROCESS_FAULTS


@pytest.mark.parametrize("engine", ["boost-map", "redis"])
def test_an_interrupt_ends_it_in_order(tmp_path, private_tmp, dictbench, engine):
    process = subprocess.Popen(
        [COMMAND, "torture", "--engine", engine, "--faults", "kill,stop", "--seconds", "60", "--out", "r.jsonl"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and len(children(process.pid)) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 3, errors
    assert "interrupted" in errors
    if "unavailable" not in output:
        assert not tortures(tmp_path / "r.jsonl")
    assert os.listdir(private_tmp) == []
    assert names_of(process.pid, "/dev/shm") == []
