"""Bad input gets one clear line and exit code 2."""

import pathlib

import pytest

from locations import COMMAND

ROOT = pathlib.Path(__file__).resolve().parents[2]


def refused(result, *parts):
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize(
    "arguments, parts",
    [
        (["run", "--engine", "nosuch"], ["nosuch", "boost-map", "lmdb"]),
        (["run", "--engine", "null?speed=9"], ["speed"]),
        (["run", "--engine", "lmdb?sync=maybe"], ["sync", "off, meta, full"]),
        (["run", "--workload", "nosuch"], ["nosuch", "get-uniform"]),
        (["run", "--processes", "0"], ["processes"]),
        (["run", "--processes", "two"], ["processes"]),
        (["run", "--repetitions", "-1"], ["repetitions"]),
        (["run", "--scale", "nought"], ["scale"]),
        (["run", "--start", "thread"], ["start"]),
        (["run", "--suite", "nosuch"], ["standard, host, documents, smoke"]),
        (["run", "--resume"], ["--out"]),
        (["run", "--nosuch"], ["--nosuch"]),
        (["run", "--plugin", "nosuch.so"], ["nosuch.so"]),
        (["table", "nosuch"], ["nosuch", "engines"]),
        (["table", "engines", "--results", "nosuch.jsonl"], ["nosuch.jsonl"]),
        (["render", "nosuch.md"], ["nosuch.md"]),
        (["report"], ["--results"]),
        (["report", "--results", "nosuch.jsonl"], ["nosuch.jsonl"]),
        (["list", "nosuch"], ["nosuch"]),
        (["nosuch"], ["nosuch"]),
        ([], ["subcommand", "--help"]),
    ],
)
def test_refusal(dictbench, arguments, parts):
    refused(dictbench(*arguments), *parts)


@pytest.mark.parametrize(
    "arguments",
    [
        "run --engine null --workload load-1m --scale 0.001 --repetitions 1 --out no/such/r.jsonl",
        "check --engine null --operations 100 --out no/such/r.jsonl",
        "cases --items 10 --updates 0 --repetitions 1 --out no/such/r.jsonl",
        "gate --head-engine null --engine null --workload load-1m --out no/such/r.jsonl",
        "gate --head-engine null --engine null --workload load-1m --junit no/such/junit.xml",
        "report --results nosuch.jsonl --out no/such/report",
    ],
)
def test_a_mistyped_path_makes_no_folder(dictbench, tmp_path, arguments):
    refused(dictbench(*arguments.split()), "there is no folder", "no/such")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        "run --workload nosuch",
        "run --engine null --workload load-1m --workload nosuch",
        "run --engine nosuch --workload load-1m",
        "run --engine null --workload nosuch --budget 10",
        "run --engine null --workload load-1m --suite nosuch",
        "run --engine null --workload load-1m --plugin nosuch.so",
        "check --engine null --engine nosuch",
        "cases --engine nosuch",
        "torture --engine nosuch",
        "torture --engine null --faults quake",
        "gate-trials --engine nosuch",
        "gate-trials --workload nosuch",
    ],
)
def test_a_mistyped_name_makes_no_folder(dictbench, tmp_path, arguments):
    refused(dictbench(*arguments.split()))
    assert list(tmp_path.iterdir()) == []


def test_the_time_of_the_suites_is_told_alike(dictbench):
    told = " ".join(dictbench("run", "--help").stdout.split())
    script = " ".join((ROOT / "run_all.sh").read_text().split())
    for suite, time in (("standard", "about 18 minutes"), ("host", "an hour and a half")):
        assert f"{suite} ({time}" in told
        assert time in script


def test_records_lie_in_a_folder_of_their_own_unless_told(dictbench, tmp_path):
    result = dictbench(*"run --engine null --workload load-1m --scale 0.001 --processes 1 --repetitions 1".split())
    assert result.returncode == 0, result.stderr
    assert [path.suffix for path in (tmp_path / "dictbench-records").iterdir()] == [".jsonl"]


@pytest.mark.parametrize(
    "text, parts",
    [
        ("nonsense", ["bad.toml"]),
        ("[keys]\nformat = 'k{index}'\ncount = 0\n", ["bad.toml", "count"]),
        (
            "summary='s'\nsource='s'\nprocesses=[1]\n[keys]\nformat='{index}'\ncount=9\n[values]\nsize=10\n"
            "[[phase]]\nname='p'\nmix={gett=1}\noperations=5\n",
            ["bad.toml", "gett"],
        ),
    ],
)
def test_wrong_workload_file(dictbench, tmp_path, text, parts):
    (tmp_path / "bad.toml").write_text(text)
    refused(dictbench("run", "--engine", "null", "--workload", "./bad.toml"), *parts)


def test_a_full_disk_is_no_fault_of_the_input(dictbench):
    result = dictbench(
        *("run --engine null --workload load-1m --scale 0.001 --processes 1 --repetitions 1 --out /dev/full".split())
    )
    assert result.returncode == 3, result.stderr
    assert "could not be written" in result.stderr


@pytest.mark.skipif(not COMMAND.exists(), reason="the command is not built")
def test_crash_points_are_in_the_sibling_only():
    point = b"boost-map.set.stored"
    assert point not in COMMAND.read_bytes()
    assert point in COMMAND.with_name("dictbench_crash_points").read_bytes()


def test_help_and_lists(dictbench):
    assert "run" in dictbench("--help").stdout
    listed = dictbench("list")
    assert listed.returncode == 0
    for name in ("boost-map", "get-uniform", "ycsb-a", "contracts"):
        assert name in listed.stdout
