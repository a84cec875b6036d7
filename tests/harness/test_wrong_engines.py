"""Engines that are quick because they are wrong get no speed: `dictbench run` itself sees each, within three repetitions.

A longer version, at the size of the suite and of right engines in many short runs, is verification_power.py beside it.
"""

import json

import pytest

from locations import BUILD

WRONG = BUILD / "tests" / "libwrong.so"

# fault and how many calls go right for each that goes wrong, workload, scale, processes, what is told
CASES = [
    ("queued-sets", 1, "load-1m", 0.01, 1, "it holds 0 keys instead of 10000"),
    ("queued-updates", 1, "update-uniform", 0.01, 2, "a process read an older value than its own write"),
    ("dropped-sets", 3000, "update-uniform", 0.01, 1, "a process read an older value than its own write"),
    ("kept-first-values", 1, "update-uniform", 0.01, 1, "a process read an older value than its own write"),
    ("dropped-batch-end", 30, "set-batch-32", 0.01, 1, "a process read an older value than its own write"),
    ("neighbours-value", 1000, "zipf-95-5", 0.02, 1, "belongs to another key"),
    ("loses-for-a-moment", 1000, "zipf-95-5", 0.02, 1, "is not there just after its process has set it"),
    ("empty-for-absent", 1, "get-uniform", 0.01, 1, "is there, which nobody wrote"),
    ("finds-absent", 1, "get-uniform", 0.01, 1, "is there, which nobody wrote"),
    ("swapped-batch", 30, "get-batch-32", 0.01, 1, "belongs to another key"),
    ("shifted-batch", 1, "load-1m", 0.01, 1, "is lost"),
    ("batch-miscounts", 100, "load-1m", 0.01, 1, "get_many() says that it found 31 keys where it found 32"),
    ("lost-adds", 100, "lock-counter", 0.1, 2, "counts "),
    ("walks-twice", 1, "load-1m", 0.01, 1, "for_each() visits "),
    ("walk-leaves-out", 1, "load-1m", 0.01, 1, "for_each() visits 9999 keys instead of 10000"),
    ("walk-repeats", 1, "load-1m", 0.01, 1, "for_each() visits "),
    ("walk-other-values", 1, "load-1m", 0.01, 1, "for_each() shows another value"),
    ("size-off", 1, "load-1m", 0.01, 1, "it holds 10001 keys instead of 10000"),
    ("undone-at-detach", 1, "load-1m", 0.01, 1, "after its processes have detached"),
    ("scans-nothing", 1, "ycsb-e", 0.02, 1, "a scan of "),
    ("scans-too-few", 1, "ycsb-e", 0.02, 1, "a scan of "),
    ("scan-leaves-out", 10, "ycsb-e", 0.02, 1, "a scan "),
    ("scan-goes-back", 10, "ycsb-e", 0.02, 1, " follows"),
    ("scan-miscounts", 1, "ycsb-e", 0.02, 1, "a scan of "),
    ("scan-other-values", 10, "ycsb-e", 0.02, 1, "a scan shows another value"),
    ("torn-gets", 2000, "zipf-95-5", 0.02, 1, "torn"),
    ("cached-gets", 1, "zipf-95-5", 0.02, 1, "a process read an older value than its own write"),
    ("stale-own-gets", 100, "zipf-95-5", 0.02, 1, "a process read an older value than its own write"),
    ("add-says-zero", 1000, "small", 0.1, 2, "add(1) says"),
    ("add-repeats", 1000, "small", 0.1, 2, "add(1) says"),
    ("kept-erases", 50, "churn", 0.02, 1, "keys instead of"),
    ("resurrected-erases", 50, "churn", 0.02, 1, "keys instead of"),
]


@pytest.mark.parametrize("fault, every, workload, scale, processes, words", CASES, ids=[case[0] for case in CASES])
def test_a_wrong_engine_gets_no_speed(dictbench, tmp_path, fault, every, workload, scale, processes, words):
    result = dictbench(
        "run", "--plugin", WRONG, "--engine", f"wrong?fault={fault}&every={every}", "--workload", workload, "--scale", scale,
        "--processes", processes, "--repetitions", 3, "--seconds", 0.1, "--out", "r.jsonl",
    )  # fmt: skip
    cells = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]]
    caught = [cell for cell in cells if cell["verified"].startswith("failed")]
    assert caught, [(cell["status"], cell["verified"]) for cell in cells]
    assert all("ops_per_s" not in cell or cell["ops_per_s"] == 0 for cell in caught)
    assert any(words in cell["verified"] for cell in caught), [cell["verified"] for cell in caught]
    assert result.returncode == 1, result.stderr


@pytest.mark.parametrize("workload", ["load-1m", "update-uniform", "zipf-95-5", "churn", "ycsb-e", "get-batch-32", "lock-counter"])
def test_the_same_without_a_fault_passes(dictbench, tmp_path, workload):
    result = dictbench(
        "run", "--plugin", WRONG, "--engine", "wrong", "--engine", "boost-map", "--engine", "local", "--engine", "lmdb",
        "--workload", workload, "--scale", 0.01, "--repetitions", 1, "--seconds", 0.1, "--out", "r.jsonl",
    )  # fmt: skip
    cells = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]]
    assert result.returncode == 0, [(cell["engine"], cell["verified"]) for cell in cells]
