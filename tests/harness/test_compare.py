"""`dictbench compare`: two engines of one file, two files, and what it refuses."""

import json

import pytest

from synthetic_records import write_records


@pytest.fixture
def write(tmp_path):
    """Writes a record file of that name; see write_records."""

    def write_file(name, *arguments, **more):
        return write_records(tmp_path / name, *arguments, **more).name

    return write_file


def rows(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)[0]["rows"]


def test_two_engines_of_one_file(dictbench, write):
    write("r.jsonl", {"lmdb": [100, 50, 25, 80, 40, 60, 70], "redis": [120, 60, 30, 96, 48, 72, 84]})
    result = dictbench("compare", "lmdb", "redis", "--results", "r.jsonl")
    assert result.returncode == 0, result.stderr
    assert "**A: lmdb, B: redis**" in result.stdout
    assert "| 1.20 [1.20, 1.20] |     7 | faster |" in result.stdout
    assert "memory and context switches" in result.stdout
    assert rows(dictbench("compare", "redis", "lmdb", "--results", "r.jsonl", "--format", "json"))[0][-1] == "slower"
    csv = dictbench("compare", "lmdb", "redis", "--results", "r.jsonl", "--format", "csv").stdout
    assert "get-uniform,get,2,1,60,72,1.2" in csv


def test_two_files(dictbench, write):
    write("a.jsonl", {"redis": [100, 101, 102, 103, 104, 105]})
    write("b.jsonl", {"redis": [100, 101, 99, 103, 108, 105], "lmdb": [1]}, run_id="2024-05-02T10:00:00Z-2")
    result = dictbench("compare", "a.jsonl", "b.jsonl")
    assert "| not separated |" in result.stdout
    assert "dictbench gate" in result.stdout
    assert "0 cells that only A has, 1 that only B has" in result.stdout


@pytest.mark.parametrize(
    "run_changes, cell_changes, reason",
    [
        ({"versions": {"redis": "redis-server 7.0.14"}}, {}, "versions (redis-server 7.0.15 / 7.0.14)"),
        ({"flags": "-O2"}, {}, "flags (-O3 / -O2)"),
        ({"host": {"cpu_model": "Some CPU", "cores": "4"}}, {}, "host (some-2-cores / some-4-cores)"),
        ({}, {"workload_hash": "bb"}, "workload hash (aa / bb)"),
        ({}, {"scale": 0.1}, "scale (1 / 0.1)"),
        ({}, {"start": "spawn"}, "start (fork / spawn)"),
    ],
)
def test_what_differs_is_not_compared(dictbench, write, run_changes, cell_changes, reason):
    write("a.jsonl", {"redis": [100] * 6})
    write("b.jsonl", {"redis": [200] * 6}, cells=cell_changes, run_id="2024-05-02T10:00:00Z-2", **run_changes)
    result = dictbench("compare", "a.jsonl", "b.jsonl", "--format", "json")
    assert rows(result)[0][-1] == f"not comparable: differs in {reason}"


def test_a_wrong_engine_has_no_speed(dictbench, write):
    write("a.jsonl", {"redis": [100] * 6})
    write("b.jsonl", {"redis": [200] * 6}, cells={"verified": "failed: 3 keys lost"}, run_id="2024-05-02T10:00:00Z-2")
    row = rows(dictbench("compare", "a.jsonl", "b.jsonl", "--format", "json"))[0]
    assert row[-1].startswith("no speed: B failed: 3 keys lost")
    assert "200" not in row


def test_the_committed_records_can_be_compared(dictbench):
    result = dictbench("compare", "lockfree", "boost-map", "--workload", "redis-100k", "--format", "json")
    found = rows(result)  # one a machine
    assert found and all("redis-100k" in row[0] for row in found)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("nosuch.jsonl", "r.jsonl"), "nosuch.jsonl: cannot be read: No such file or directory"),
        (("lmdb", "r.jsonl"), "'r.jsonl' is a record file and 'lmdb' is none"),
        (("lmdb", "nosuch", "--results", "r.jsonl"), "no record of engine 'nosuch', and no such file; there are records of lmdb, redis"),
        (("lmdb", "lmdb", "--results", "r.jsonl"), "A and B are both 'lmdb'"),
        (("lmdb", "redis", "--results", "nosuch.jsonl"), "nosuch.jsonl: cannot be read"),
        (("lmdb", "redis", "--results", "apart.jsonl"), "no workload, phase and number of processes was measured for both"),
        (("r.jsonl", "other.jsonl"), "no cell (workload, phase, processes, engine) is in both: r.jsonl has records of lmdb, redis"),
        (("r.jsonl", "r.jsonl", "--results", "r.jsonl"), "--results goes with two engines"),
        (("lmdb",), "B is required"),
        (("lmdb", "redis", "--results", "r.jsonl", "--level", "101"), "--level"),
    ],
)
def test_bad_input_is_one_line(dictbench, write, tmp_path, arguments, message):
    write("r.jsonl", {"lmdb": [1], "redis": [1]})
    write("other.jsonl", {"blob": [1]})
    write("apart.jsonl", {"lmdb": [1], "redis": [1]})
    lines = (tmp_path / "apart.jsonl").read_text().splitlines()
    (tmp_path / "apart.jsonl").write_text("\n".join([*lines[:2], lines[2].replace('"get"', '"set"')]) + "\n")
    result = dictbench("compare", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
