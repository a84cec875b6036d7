"""`dictbench gate` as CI calls it: verdicts, exit codes, reports, what it refuses, what it leaves behind.

How often it errs and how small a slowdown it sees is tried out in gate_test.cc (simulated) and by `dictbench gate-trials`.
"""

import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as xml

import pytest

from leftovers import left_over
from locations import BUILD, COMMAND, ROOT

MUTANT = BUILD / "tests" / "libmutant.so"
WORKLOAD = ROOT / "workloads" / "gate" / "get-and-update.toml"
SMALL = ["--workload", WORKLOAD, "--scale", 0.05, "--pairs", 16, "--must-see", 100000]


def slow(nanoseconds, engine="lockfree"):
    return f"slow?ns={nanoseconds}&engine={engine}"


def gates(path):
    return [record for record in map(json.loads, path.read_text().splitlines()) if record["type"] == "gate"]


def test_a_slowdown_fails_and_every_report_says_so(dictbench, tmp_path):
    result = dictbench("gate", "--engine", slow(0), "--head-engine", slow(2000), *SMALL, "--out", "r.jsonl", "--junit", "j.xml",
                       "--summary", "s.md", "--json", "g.json", timeout=120)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.match(r"gate: regressed: 6 figures: [2-6] regressed, [0-4] inconclusive, [0-4] passed; smallest slowdown", result.stdout)
    records = gates(tmp_path / "r.jsonl")
    assert [record["figure"] for record in records] == ["time", "memory", "switches"] * 2
    for record in records:
        assert len(record["looks"]) == 2 or record["figure"] != "time"
        assert all(len(look[side]) == 16 for look in record["looks"] for side in ("base", "head", "base_others", "head_others"))
    times = [record for record in records if record["figure"] == "time"]
    assert all(record["verdict"].startswith("regressed: ") and record["looks"][1]["low"] > 1 for record in times)
    suite = xml.parse(tmp_path / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("6", "0")
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures")) >= 2
    assert (tmp_path / "s.md").read_text().startswith("### gate: regressed")
    assert json.loads((tmp_path / "g.json").read_text())["standing"] == "regressed"
    assert left_over("/dev/shm") | left_over("/tmp") == set()


def test_a_speed_up_passes_and_a_summary_is_appended_to(dictbench, tmp_path):
    (tmp_path / "s.md").write_text("before\n")
    result = dictbench("gate", "--engine", slow(2000), "--head-engine", slow(0), *SMALL, "--summary", "s.md", timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "s.md").read_text().startswith("before\n### gate: pass")


def test_two_programs_are_compared_and_the_base_may_be_a_file(dictbench):
    result = dictbench("gate", "--base", COMMAND, "--engine", "boost-map", *SMALL, timeout=120)
    assert result.returncode in (0, 3), result.stdout + result.stderr  # 3: noise beside one side only
    assert "regressed" not in result.stdout.split(":")[1]
    assert f"Base: {COMMAND} (" in result.stdout


@pytest.fixture
def checkout(tmp_path):
    """A Git checkout whose build gives a program that hands over to dictbench."""
    script = f'file(WRITE "${{CMAKE_BINARY_DIR}}/dictbench" "#!/bin/sh\\nexec {COMMAND} \\"$@\\"\\n")'
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.25)\nproject(stand-in NONE)\n{script}\n"
        'file(CHMOD "${CMAKE_BINARY_DIR}/dictbench" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)\n'
        "add_custom_target(dictbench)\n")

    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "CMakeLists.txt")
    git("commit", "-q", "-m", "First")
    (tmp_path / "CMakeLists.txt").write_text("message(FATAL_ERROR \"dictbench is broken\")\n")
    git("commit", "-q", "-a", "-m", "Break it")
    return tmp_path


def test_a_commit_is_built_once_and_a_broken_one_is_told(dictbench, checkout):
    small = ["--engine", slow(0), "--workload", WORKLOAD, "--scale", 0.01, "--pairs", 16, "--must-see", 100000]
    result = dictbench("gate", "--base", "main~1", *small, timeout=120)
    assert result.returncode in (0, 3), result.stdout + result.stderr
    assert result.stderr.startswith("gate: building main~1 (")
    assert "Base: main~1 (" in result.stdout
    again = dictbench("gate", "--base", "main~1", *small, timeout=120)
    assert "building" not in again.stderr
    broken = dictbench("gate", "--base", "main", *small, timeout=120)
    assert broken.returncode == 2  # 3 would be taken for a noisy machine, and pass for ever
    assert "main cannot be built" in broken.stderr and "build.log" in broken.stderr
    (checkout / "CMakeLists.txt").write_text("project(another NONE)\nfind_package(dictbench REQUIRED)\n")
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-a", "-m", "Another project"], cwd=checkout,
                   check=True)
    foreign = dictbench("gate", "--base", "main", *small)
    assert foreign.returncode == 2
    assert "main is no commit of dictbench" in foreign.stderr and "--base-plugin OLD.so --plugin NEW.so" in foreign.stderr


def test_a_head_that_is_wrong_has_regressed(dictbench, tmp_path):
    if not MUTANT.exists():
        pytest.skip(f"{MUTANT} is not built: ./run_all.sh test")
    result = dictbench("gate", "--plugin", MUTANT, "--engine", "lockfree", "--head-engine",
                       "mutant?engine=lockfree&kind=lost-update&every=50", *SMALL, "--out", "r.jsonl", timeout=120)
    assert result.returncode == 1, result.stdout + result.stderr
    assert gates(tmp_path / "r.jsonl")[0]["verdict"].startswith("regressed: the head: failed")


def test_ratios_are_gated_against_committed_records(dictbench, tmp_path):
    run = ["run", "--workload", WORKLOAD, "--scale", 0.05, "--repetitions", 14, "--processes", 2, "--format", "none"]
    assert dictbench(*run, "--engine", slow(0), "--engine", slow(3000), "--out", "base.jsonl", timeout=120).returncode == 0
    beside = ["--against", "base.jsonl", "--ratio-to", slow(0), "--engine", slow(3000)]
    same = dictbench("gate", *beside, "--workload", WORKLOAD, "--scale", 0.05, "--pairs", 18, "--must-see", 100000, timeout=120)
    assert same.returncode in (0, 3), same.stdout + same.stderr
    assert "ratio to slow?" in same.stdout.lower()
    other = dictbench("gate", *beside, *SMALL[:2], "--scale", 0.02, "--pairs", 18, timeout=120)
    assert other.returncode == 3
    assert "the records hold no pairs of it" in other.stdout


@pytest.mark.parametrize("arguments,code,told", [
    ((), 2, "gate: what is the base? --base PROGRAM|COMMIT"),
    (("--against", "r.jsonl"), 2, "--against RECORDS and --ratio-to ENGINE go together"),
    (("--against", "r.jsonl", "--ratio-to", "null", "--base", "x"), 2, "leave --base and --head-engine out"),
    (("--head-engine", "null"), 2, "exactly one --engine"),
    (("--base-plugin", "old.so"), 2, "--base-plugin OLD.so and --plugin NEW.so go together"),
    (("--base-plugin", "old.so", "--plugin", "new.so"), 2, "--base-plugin needs --engine NAME"),
    (("--base-plugin", "old.so", "--plugin", "new.so", "--engine", "x", "--base", "main"), 2, "leave --base, --head-engine"),
    (("--base-plugin", "old.so", "--plugin", "new.so", "--engine", "x"), 2, "--base-plugin old.so: there is no such file"),
    (("--base", "no-such-commit"), 2, "'no-such-commit' is neither a program nor a commit"),
    (("--base", ".", "--engine", "rediss"), 2, "no engine 'rediss'; there are"),
    (("--base", "x", "--workload", "nothing"), 2, "nothing"),
    (("--engine", "null", "--head-engine", "null", "--pairs", "4"), 2, "4 pairs are too few for 4 figures: 16 are needed"),
    (("--base", "x", "--margin", "0"), 2, "--margin"),
    (("--against", "absent.jsonl", "--ratio-to", "null"), 2, "absent.jsonl: cannot be read"),
])
def test_what_it_cannot_use_is_one_line(dictbench, arguments, code, told):
    result = dictbench("gate", *arguments)
    assert (result.returncode, result.stdout) == (code, ""), result.stderr
    assert told in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith("[")]  # progress of the warm-up
    assert len(lines) == 1


def test_too_small_a_budget_is_inconclusive_and_says_what_it_takes(dictbench):
    result = dictbench("gate", "--engine", slow(0), "--head-engine", slow(0), "--workload", WORKLOAD, "--budget", 1)
    assert result.returncode == 3
    assert "a budget of 1 s gives" in result.stdout and "give --budget" in result.stdout


def test_an_interrupted_gate_leaves_nothing(tmp_path):
    process = subprocess.Popen([COMMAND, "gate", "--engine", "redis", "--head-engine", "redis?pipeline=2", "--budget", "60"],
                               cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, out + err
    assert left_over("/dev/shm") | left_over("/tmp") == set()


def test_trials_show_what_the_gate_promises(dictbench, tmp_path):
    result = dictbench("gate-trials", "--simulated", 150, "--real", 0, "--out", "t.jsonl", timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "| unchanged" in result.stdout and "| slower, twice that" in result.stdout
    assert result.stdout == dictbench("table", "gate-trials", "--results", "t.jsonl").stdout


def test_runs_of_a_gate_leave_the_machines_speed_alone(dictbench, tmp_path):
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$DICTBENCH_MEASURE_SPEED" >> {tmp_path}/seen\nexec {COMMAND} "$@"\n')
    program.chmod(0o755)
    dictbench("gate", "--base", program, "--engine", "null", *SMALL, timeout=120)
    seen = (tmp_path / "seen").read_text().split("\n")
    assert len(seen) > 16 and set(seen) == {"no", ""}
    assert seen.count("") == 1
