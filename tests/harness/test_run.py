"""`dictbench run`: what is measured, verified, recorded, resumed, and what is left when something dies."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest

from leftovers import left_over
from locations import BUILD, COMMAND

MUTANT = BUILD / "tests" / "libmutant.so"
SHARED = ["boost-map", "stream-log", "lmdb", "sqlite-wal", "redis", "memcached"]
TINY = ["--scale", "0.001", "--repetitions", "1"]


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def cells(path):
    return [record for record in records(path) if record["type"] == "cell"]


def own_names(folder):
    prefix = f"dictbench-{os.geteuid()}-"
    return {name for name in os.listdir(folder) if name.startswith(prefix)}


def skip_unless_available(dictbench, engine):
    told = dictbench("list", "engines").stdout.split(f"\n{engine} ")[-1].split("\n")[1]
    if "unavailable" in told:
        pytest.skip(f"{engine}: {told.strip()}")


@pytest.fixture
def private_tmp(monkeypatch):
    """A temporary folder of the test's own; short, because a Unix socket's path must stay under 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="db-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield folder


def test_an_engines_facts_are_those_after_the_phase(dictbench, tmp_path):
    result = dictbench("run", "--plugin", MUTANT, "--engine", "mutant", "--workload", "load-1m", "--scale", "0.02",
                       "--repetitions", "1", "--out", "r.jsonl")  # fmt: skip
    assert result.returncode == 0, result.stderr
    for cell in cells(tmp_path / "r.jsonl"):
        assert cell["engine_facts"] == {"items": str(cell["memory"]["items"])}


def test_a_run_is_recorded_verified_and_shown(dictbench, tmp_path):
    result = dictbench("run", "--engine", "boost-map", "--engine", "null", "--workload", "zipf-95-5", *TINY, "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    assert "boost-map" in result.stdout
    lines = records(tmp_path / "r.jsonl")
    assert lines[0]["type"] == "run"
    for fact in ("commit", "compiler", "flags", "host", "versions", "options"):
        assert fact in lines[0]
    shared = [cell for cell in lines[1:] if cell["engine"] == "boost-map"]
    assert {cell["processes"] for cell in shared} == {1, 2}
    for cell in shared:
        assert (cell["status"], cell["verified"]) == ("ok", "ok")
        assert cell["ops"] > 0 and cell["ops_per_s"] > 0
        assert len(cell["workers"]) == cell["processes"]
        assert cell["memory"]["bytes_per_item"] > 0
        latency = cell["latency_ns"]
        known = [latency[name] for name in ("p50", "p90", "p99", "p999", "max") if name in latency]
        assert known == sorted(known) and latency["samples"] > 0
    nothing = [cell for cell in lines[1:] if cell["engine"] == "null"]
    assert all(cell["verified"].startswith("not applicable") for cell in nothing)


@pytest.mark.parametrize("engine", ["boost-map", "lmdb", "sqlite-wal", "redis", "memcached", "local"])
def test_spawned_workers_do_the_same(dictbench, tmp_path, engine):
    result = dictbench("run", "--engine", engine, "--workload", "update-uniform", *TINY, "--start", "spawn", "--out", "r.jsonl")
    if result.returncode == 3 and cells(tmp_path / "r.jsonl")[0]["status"].startswith("unavailable"):
        pytest.skip(cells(tmp_path / "r.jsonl")[0]["status"])
    assert result.returncode == 0, result.stderr
    assert all(cell["status"] == "ok" and cell["start"] == "spawn" for cell in cells(tmp_path / "r.jsonl"))


@pytest.mark.parametrize("engine", ["rival-cuckoo", "rival-tbb"])
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_what_only_threads_can_share_has_threads(dictbench, tmp_path, engine, start):
    skip_unless_available(dictbench, engine)
    result = dictbench("run", "--engine", engine, "--workload", "update-uniform", "--workload", "lock-counter", "--processes", "2",
                       "--scale", "0.01", "--repetitions", "1", "--start", start, "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    for cell in cells(tmp_path / "r.jsonl"):
        assert (cell["start"], cell["status"], cell["verified"]) == ("threads", "ok", "ok")
        assert cell["verified_keys"] > 0
        assert len(cell["workers"]) == 2 and sum(worker["ops"] for worker in cell["workers"]) == cell["ops"]
        assert all(worker["usage"]["user_s"] >= 0 for worker in cell["workers"])


def test_a_warm_up_leaves_the_window_most_of_a_given_number_of_operations(dictbench, tmp_path):
    """The engine that does nothing was through with all of them before its window began, and had no figure."""
    result = dictbench("run", "--engine", "null", "--workload", "churn", "--processes", "2", "--repetitions", "1", "--scale", "0.1",
                       "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    (cell,) = cells(tmp_path / "r.jsonl")
    assert 266_666 <= cell["ops"] <= 270_000
    assert cell["ops_per_s"] > 0


@pytest.mark.parametrize("engine", ["boost-map", "local", "rival-tbb"])
def test_readers_read_while_the_table_grows(dictbench, tmp_path, engine):
    skip_unless_available(dictbench, engine)
    result = dictbench("run", "--engine", engine, "--workload", "growth-tail", "--scale", "0.1", "--repetitions", "1", "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    (cell,) = cells(tmp_path / "r.jsonl")
    assert (cell["status"], cell["verified"]) == ("ok", "ok")
    writer, reader = (worker["ops"] for worker in cell["workers"])
    assert writer == 100_000 and reader > 0
    reads, writes = cell["read_latency_ns"], cell["write_latency_ns"]
    assert reads["samples"] + writes["samples"] == cell["latency_ns"]["samples"]
    assert reads["p50"] <= reads["max"] and writes["p50"] <= writes["max"]
    assert abs(cell["workers"][0]["end_s"] - cell["workers"][1]["end_s"]) < 0.1


@pytest.mark.parametrize(
    "kind, exit_code, words",
    [
        ("lost-update", 1, "older value than its own write"),
        ("changed-byte", 1, "invalid"),
        ("cut-value", 1, "read a wrong value"),
        ("misplaced-value", 1, "invalid"),
        ("die", 3, "killed by signal 9"),
        ("hang", 3, "no end after"),
        ("full", 3, "full: no room"),
    ],
)
def test_a_wrong_engine_gets_no_speed(dictbench, tmp_path, private_tmp, kind, exit_code, words):
    before = left_over("/dev/shm")
    result = dictbench(
        "run", "--plugin", MUTANT, "--engine", f"mutant?kind={kind}", "--workload", "zipf-95-5", "--scale", "0.02",
        "--repetitions", "1", "--processes", 2, "--timeout", 2, "--out", "r.jsonl",
    )
    assert result.returncode == exit_code, result.stderr
    for cell in cells(tmp_path / "r.jsonl"):
        assert cell["status"].startswith("invalid") and words in cell["status"]
        assert cell["ops_per_s"] == 0
        assert kind in ("die", "hang", "full") or cell["verified"].startswith("failed: ")
    assert left_over("/dev/shm") <= before
    assert own_names(private_tmp) == set()


def test_lost_increments_are_found(dictbench, tmp_path):
    result = dictbench(
        "run", "--plugin", MUTANT, "--engine", "mutant?kind=lost-update", "--workload", "lock-counter", "--scale", "0.1",
        "--repetitions", "1", "--out", "r.jsonl",
    )
    assert result.returncode == 1, result.stderr
    assert cells(tmp_path / "r.jsonl")[0]["verified"].startswith("failed")


def test_resume_goes_on_where_a_run_ended(dictbench, tmp_path):
    first = dictbench("run", "--engine", "null", "--workload", "load-1m", *TINY, "--out", "r.jsonl")
    assert first.returncode == 0
    before = len(cells(tmp_path / "r.jsonl"))
    again = dictbench("run", "--engine", "null", "--workload", "load-1m", "--scale", "0.001", "--repetitions", "2", "--out", "r.jsonl", "--resume")
    assert again.returncode == 0, again.stderr
    after = cells(tmp_path / "r.jsonl")
    assert len(after) == 2 * before
    assert {(cell["processes"], cell["repetition"]) for cell in after} == {(1, 1), (2, 1), (1, 2), (2, 2)}


def test_resume_overwrites_a_cut_line(dictbench, tmp_path):
    arguments = ["run", "--engine", "null", "--workload", "load-1m", *TINY, "--out", "r.jsonl"]
    dictbench(*arguments)
    path = tmp_path / "r.jsonl"
    text = path.read_text()
    path.write_text(text[:-40])
    assert dictbench(*arguments, "--resume").returncode == 0
    assert {cell["processes"] for cell in cells(path)} == {1, 2}


def test_the_same_seed_gives_the_same_operations(dictbench, tmp_path):
    for seed in ("1", "1", "2"):
        dictbench("run", "--engine", "null", "--workload", "get-uniform", *TINY, "--processes", 1, "--seed", seed, "--out", "r.jsonl")
    first, second, other = [cell["workload_hash"] for cell in cells(tmp_path / "r.jsonl")]
    assert first == second != other


def start(tmp_path, engine, seconds, out="r.jsonl"):
    """A run of a long phase in the background; returns when its clock runs."""
    (tmp_path / "long.toml").write_text(
        "summary='long'\nsource='test'\nprocesses=[2]\nrepetitions=1\npreload=true\n[keys]\nformat='key{index:013}'\ncount=1000\n"
        f"[values]\nsize=10\n[[phase]]\nname='p'\nmix={{get=0.5,set=0.5}}\nseconds={seconds}\ndistribution='uniform'\n"
    )
    process = subprocess.Popen(
        [COMMAND, "run", "--engine", engine, "--workload", "./long.toml", "--out", out, "--format", "none"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if len(descendants(process.pid)) >= 2 and sum(busy(pid) for pid in descendants(process.pid)) >= 2:
            return process
        time.sleep(0.02)
    process.kill()
    raise AssertionError("the run did not get going")


def descendants(pid):
    try:
        own = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(child) for child in own]


def busy(pid):
    """True when a process has used some processor time."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return False
    return int(fields[11]) + int(fields[12]) > 3


def ended(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


@pytest.mark.parametrize("engine", SHARED)
def test_a_killed_driver_leaves_nothing_once_the_next_command_ran(dictbench, tmp_path, private_tmp, engine):
    skip_unless_available(dictbench, engine)
    before = left_over("/dev/shm")
    process = start(tmp_path, engine, 30)
    children = descendants(process.pid)
    process.kill()
    process.wait()
    process.stderr.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not all(ended(pid) for pid in children):
        time.sleep(0.02)
    assert all(ended(pid) for pid in children)
    dictbench("list", "tables")
    assert left_over("/dev/shm") <= before
    assert own_names(private_tmp) == set()
    assert not cells(tmp_path / "r.jsonl")


@pytest.mark.parametrize("engine, program", [("redis", "redis-server"), ("memcached", "memcached")])
def test_a_killed_server_makes_the_record_invalid(tmp_path, private_tmp, dictbench, engine, program):
    skip_unless_available(dictbench, engine)
    process = start(tmp_path, engine, 30)
    server = [pid for pid in descendants(process.pid) if name_of(pid) in (program, "valkey-server")]
    assert len(server) == 1
    os.kill(server[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3, errors
    (cell,) = cells(tmp_path / "r.jsonl")
    assert cell["status"].startswith("invalid") and "disconnected" in cell["status"]
    assert cell["ops_per_s"] == 0
    assert own_names(private_tmp) == set()


@pytest.mark.parametrize("engine", SHARED)
def test_a_killed_worker_makes_the_record_invalid(dictbench, tmp_path, private_tmp, engine):
    skip_unless_available(dictbench, engine)
    before = left_over("/dev/shm")
    process = start(tmp_path, engine, 30)
    children = descendants(process.pid)
    os.kill([pid for pid in children if name_of(pid) == "dictbench"][-1], signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 3
    (cell,) = cells(tmp_path / "r.jsonl")
    assert cell["status"].startswith("invalid") and "killed by signal 9" in cell["status"]
    assert cell["ops_per_s"] == 0
    assert all(ended(pid) for pid in children)
    assert left_over("/dev/shm") <= before
    assert own_names(private_tmp) == set()


def test_interrupt_ends_in_order(tmp_path, private_tmp):
    before = left_over("/dev/shm")
    process = start(tmp_path, "boost-map", 30)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 3
    assert left_over("/dev/shm") <= before
    assert not cells(tmp_path / "r.jsonl")


def test_two_runs_do_not_write_one_file(dictbench, tmp_path):
    process = start(tmp_path, "boost-map", 30)
    second = dictbench("run", "--engine", "null", "--workload", "load-1m", *TINY, "--out", "r.jsonl")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert second.returncode == 2
    assert "another run is writing it" in second.stderr


@pytest.mark.parametrize("engine", SHARED)
def test_two_runs_at_once_do_not_disturb_each_other(dictbench, tmp_path, engine):
    skip_unless_available(dictbench, engine)
    runs = [start(tmp_path, engine, 1, f"{number}.jsonl") for number in range(2)]
    for number, process in enumerate(runs):
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        (cell,) = cells(tmp_path / f"{number}.jsonl")
        assert (cell["status"], cell["verified"]) == ("ok", "ok")
