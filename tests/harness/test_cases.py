"""`dictbench cases`: a read after updates by another process, checked each time, one record a case."""

import json

import pytest

from leftovers import left_over
from locations import BUILD

MUTANT = BUILD / "tests" / "libmutant.so"
TINY = ["--items", "100", "--updates", "0,1,2000", "--seconds", "0.01", "--repetitions", "1"]


def cells(path):
    return [record for record in map(json.loads, path.read_text().splitlines()) if record["type"] == "cell"]


@pytest.mark.parametrize("engine", ["boost-map", "stream-log?buffer=4K", "lmdb"])
def test_measures_every_case(dictbench, tmp_path, engine):
    before = left_over("/dev/shm")
    result = dictbench("cases", "--engine", engine, *TINY, "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    records = cells(tmp_path / "r.jsonl")
    assert [record["phase"] for record in records] == ["100 items, 0 updates", "100 items, 1 updates", "100 items, 2000 updates"]
    for record in records:
        assert (record["workload"], record["status"], record["verified"]) == ("ultra-cases", "ok", "ok")
        assert record["ops"] == record["latency_ns"]["samples"] >= 5
    assert left_over("/dev/shm") <= before
    assert result.stdout.count(f"| {engine} ") == 3


def test_tells_streamed_updates_from_dumps(dictbench, tmp_path):
    engines = ["stream-log?buffer=4K", "stream-log?buffer=1M"]
    result = dictbench("cases", *(word for engine in engines for word in ("--engine", engine)), *TINY, "--out", "r.jsonl")
    assert result.returncode == 0, result.stderr
    facts = {(record["engine"], record["engine_facts"]["updates"]): (record["engine_facts"], record["ops"])
             for record in cells(tmp_path / "r.jsonl")}
    for updates in ("0", "1"):
        for engine in engines:
            assert facts[engine, updates][0]["dumps_loaded"] == "0"
    overtaken, reads = facts["stream-log?buffer=4K", "2000"]
    assert int(overtaken["dumps_loaded"]) == reads
    assert int(overtaken["dumps_written"]) > 10 * reads
    assert facts["stream-log?buffer=1M", "2000"][0]["dumps_loaded"] == "0"


def test_engines_without_that_promise_are_left_out(dictbench, tmp_path):
    result = dictbench("cases", "--engine", "local", *TINY, "--out", "r.jsonl")
    assert result.returncode == 3
    assert {record["status"][:11] for record in cells(tmp_path / "r.jsonl")} == {"unavailable"}


def test_notices_a_stale_read(dictbench):
    result = dictbench("cases", "--plugin", MUTANT, "--engine", "mutant?kind=stale-read", "--items", "100", "--updates", "1",
                       "--seconds", "0.5", "--repetitions", "1", "--out", "r.jsonl")
    assert result.returncode == 1, result.stdout
