"""`dictbench hosts`: the tables of several machines, and adding one."""

import json
import os

import pytest

from synthetic_records import write_records

BIG = {"cpu_model": "AMD EPYC 7763 64-Core Processor", "cores": "16", "governor": "performance", "measured_mhz": "3400"}
OLD = {"cpu_model": "Intel(R) Core(TM) i7-2600 CPU @ 3.40GHz", "cores": "8"}


@pytest.fixture
def two_hosts(tmp_path):
    write_records(tmp_path / "big.jsonl", {"boost-map": [200] * 7, "redis": [40] * 7}, host=BIG)
    return write_records(
        tmp_path / "old.jsonl", {"boost-map": [100] * 7, "redis": [10] * 7}, host=OLD, run_id="2024-05-02T10:00:00Z-2",
        versions={"redis": "redis-server 7.0.14"},
    )  # fmt: skip


BOTH = ("--results", "big.jsonl", "--results", "old.jsonl")


def tables(result):
    assert result.returncode == 0, result.stderr
    return {table["title"]: table for table in json.loads(result.stdout)}


def test_two_machines_side_by_side(dictbench, two_hosts):
    facts, published, workload = tables(dictbench("hosts", *BOTH, "--format", "json")).values()
    assert [column["name"] for column in facts["columns"]] == [
        "fact", "amd-epyc-7763-64-core-16-cores", "intel-core-i7-2600-3.40ghz-8-cores",
        "AMD A8-4500M laptop, published", "i7 at 3.5 GHz, published", "Xeon E5-2670, published",
    ]  # fmt: skip
    assert ["clock, measured", "3,400 MHz", "not recorded", "not told", "not told", "not told"] in facts["rows"]
    boost, redis = workload["rows"]
    assert boost == ["boost-map", "2", "200 [200, 200]", "1.00 [1.00, 1.00]", "100 [100, 100]", "1.00 [1.00, 1.00]", "", "A", ""]
    assert redis[3] == "0.20 [0.20, 0.20]" and redis[5] == "0.10 [0.10, 0.10]"
    assert redis[7:] == ["-", "versions (redis-server 7.0.15 / 7.0.14)"]
    assert {row[0] for row in published["rows"]} == {"AMD A8-4500M laptop", "i7 at 3.5 GHz", "Xeon E5-2670"}


def test_another_baseline_and_format(dictbench, two_hosts):
    result = dictbench("hosts", *BOTH, "--baseline", "redis", "--format", "csv")
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("boost-map,2,")]
    fields = line.split(",")
    assert [round(float(field), 6) for field in fields[1:14]] == [2, 200, 200, 200, 5, 5, 5, 100, 100, 100, 10, 10, 10]
    assert fields[14:] == ["", "A", ""]


def test_the_committed_records_have_both_tables(dictbench):
    facts = tables(dictbench("table", "hosts", "--format", "json"))["Machines"]
    assert len(facts["columns"]) >= 5
    assert "intel-xeon-2.50ghz-2-cores" in [column["name"] for column in facts["columns"]]
    assert tables(dictbench("table", "across-hosts", "--format", "json"))


def test_what_a_run_records_of_its_host_is_shown(dictbench):
    result = dictbench("run", "--engine", "null", "--workload", "redis-100k", "--scale", "0.01", "--repetitions", "1", "--out", "r.jsonl",
                       "--format", "none")  # fmt: skip
    assert result.returncode == 0, result.stderr
    facts = tables(dictbench("hosts", "--results", "r.jsonl", "--format", "json"))["Machines"]
    assert [row[0] for row in facts["rows"] if row[1] == "not recorded"] == []


def test_adding_a_host_is_one_file_in_its_folder(dictbench, two_hosts, tmp_path):
    committed = {**os.environ, "DICTBENCH_RESULTS": str(tmp_path / "hosts")}
    result = dictbench("hosts", "add", "old.jsonl", env=committed)
    assert result.returncode == 0, result.stderr
    added = tmp_path / "hosts" / "intel-core-i7-2600-3.40ghz-8-cores" / "standard.jsonl"
    assert result.stdout == f"{added}\n"
    assert "git add" in result.stderr
    assert added.read_bytes() == two_hosts.read_bytes()
    assert dictbench("hosts", "add", "big.jsonl", "--as", "first", env=committed).returncode == 0
    assert len(tables(dictbench("hosts", "--format", "json", env=committed))["Machines"]["columns"]) == 6

    again = dictbench("hosts", "add", "old.jsonl", env=committed)
    assert (again.returncode, len(again.stderr.splitlines())) == (2, 1)
    assert "--replace overwrites it" in again.stderr
    assert dictbench("hosts", "add", "old.jsonl", "--replace", env=committed).returncode == 0
    assert "lies there already" in dictbench("hosts", "add", added, "--replace", env=committed).stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--results", "nosuch.jsonl"), "nosuch.jsonl: cannot be read"),
        ((*BOTH, "--baseline", "nosuch"), "--baseline nosuch: no record of that engine; there are records of boost-map, redis"),
        ((*BOTH, "--workload", "nosuch"), "--workload nosuch: no record of it; there are records of get-uniform"),
        ((*BOTH, "--format", "html"), "--format"),
        (("add",), "file is required"),
        (("add", "nosuch.jsonl"), "nosuch.jsonl: cannot be read"),
        (("add", "mixed.jsonl"), "records of several hosts"),
        (("add", "empty.jsonl"), "no run is in it"),
        (("add", "old.jsonl", "--as", "../x"), "must be a file's name"),
    ],
)
def test_bad_input_is_one_line(dictbench, two_hosts, tmp_path, arguments, message):
    (tmp_path / "mixed.jsonl").write_text((tmp_path / "big.jsonl").read_text() + two_hosts.read_text())
    (tmp_path / "empty.jsonl").write_text("")
    result = dictbench("hosts", *arguments, env={**os.environ, "DICTBENCH_RESULTS": str(tmp_path / "hosts")})
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "hosts").exists()
