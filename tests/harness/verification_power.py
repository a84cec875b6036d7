#!/usr/bin/env python3
"""What `dictbench run` sees of wrong engines at the size of the suite: the table in docs/method.md, section Verification.

    tests/harness/verification_power.py [--repetitions 3] [FAULT...]

Each fault as rare as a real one may be, with a million keys (a hundred thousand for scans) and phases as long as the
suite's. The same at a small size, where faults must be more frequent, is test_wrong_engines.py.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from locations import BUILD, COMMAND  # noqa: E402

WRONG = BUILD / "tests" / "libwrong.so"
ALWAYS = 1

# A quick engine behind the wrong one, so that a window has as many calls as in the tables; scans need an ordered one.
QUICK, ORDERED = "lockfree", "boost-map"

# fault, one call in how many is wrong, workload, processes, in words
CASES = [
    ("queued-sets", ALWAYS, "load-1m", 2, "sets are done in the destructor"),
    ("queued-updates", ALWAYS, "update-uniform", 2, "sets of keys that are there are done in the destructor"),
    ("kept-first-values", ALWAYS, "update-uniform", 2, "a set of a key that is there does nothing"),
    ("dropped-sets", 333_333, "update-uniform", 1, "3 of 1,000,000 updates are not done"),
    ("dropped-sets", 100_000, "update-uniform", 2, "1 of 100,000 updates of two processes is not done"),
    ("dropped-batch-end", 10_000, "set-batch-32", 2, "the last of a batch of sets is not done"),
    ("torn-gets", 20_000, "get-uniform", 2, "a get has a part of another write"),
    ("neighbours-value", 20_000, "get-uniform", 2, "a get has the value of the get before"),
    ("cached-gets", ALWAYS, "zipf-95-5", 1, "gets come from a cache that is up to a second old"),
    ("stale-own-gets", 5_000, "zipf-95-5", 1, "a get has what the process wrote before its last write"),
    ("loses-for-a-moment", 20_000, "zipf-95-5", 2, "a get does not find a key"),
    ("empty-for-absent", ALWAYS, "get-uniform", 2, "a get of an absent key finds an empty value"),
    ("finds-absent", ALWAYS, "get-uniform", 2, "a get of an absent key finds what is in the buffer"),
    ("swapped-batch", 1_000, "get-batch-32", 2, "get_many swaps two values"),
    ("shifted-batch", ALWAYS, "load-1m", 2, "get_many with a miss gives its flags to the wrong keys"),
    ("batch-miscounts", 1_000, "get-batch-32", 2, "get_many says one less than it found"),
    ("add-says-zero", ALWAYS, "lock-counter", 2, "add returns 0"),
    ("add-repeats", 20_000, "small", 2, "add returns what it returned before"),
    ("lost-adds", 20_000, "lock-counter", 2, "an add is not done"),
    ("scans-nothing", ALWAYS, "ycsb-e", 2, "scan visits nothing"),
    ("scans-too-few", ALWAYS, "ycsb-e", 2, "scan visits one key less than asked"),
    ("scan-leaves-out", 1_000, "ycsb-e", 2, "scan leaves out a key"),
    ("scan-goes-back", 1_000, "ycsb-e", 2, "scan visits two keys in the wrong order"),
    ("scan-miscounts", ALWAYS, "ycsb-e", 2, "scan says one more than it visited"),
    ("scan-other-values", 1_000, "ycsb-e", 2, "scan shows the value of the key before"),
    ("walks-twice", ALWAYS, "load-1m", 2, "for_each visits everything twice"),
    ("walk-leaves-out", ALWAYS, "load-1m", 2, "for_each leaves out one key"),
    ("walk-repeats", ALWAYS, "load-1m", 2, "for_each visits one key in place of another"),
    ("walk-other-values", ALWAYS, "load-1m", 2, "for_each shows the value of the key before"),
    ("size-off", ALWAYS, "load-1m", 2, "size is one too many"),
    ("undone-at-detach", ALWAYS, "load-1m", 2, "the destructor removes the key written last"),
    ("kept-erases", 20_000, "churn", 2, "an erased key stays"),
    ("resurrected-erases", 20_000, "churn", 2, "an erased key comes back"),
]


def verdicts(engine, workload, processes, repetitions):
    """The verdict of each repetition's last phase that has one."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "r.jsonl"
        subprocess.run(
            [COMMAND, "run", "--plugin", WRONG, "--engine", engine, "--workload", workload, "--processes", str(processes),
             "--repetitions", str(repetitions), "--out", out],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        cells = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    by_repetition = {}
    for cell in cells:
        kept = by_repetition.get(cell["repetition"], "")
        by_repetition[cell["repetition"]] = kept if kept.startswith("failed") else cell["verified"]
    return list(by_repetition.values())


def shortened(text, most=72):
    text = text.removeprefix("read a wrong value: ")
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " ..."


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("faults", nargs="*", metavar="FAULT")
    options = parser.parse_args()
    missed = 0
    print("| an engine whose                                          | one call in | workload       | seen in | as |")
    print("|----------------------------------------------------------|------------:|----------------|--------:|----|")
    for fault, every, workload, processes, words in CASES:
        if options.faults and fault not in options.faults:
            continue
        inner = ORDERED if workload == "ycsb-e" else QUICK
        found = verdicts(f"wrong?fault={fault}&every={every}&engine={inner}", workload, processes, options.repetitions)
        failed = [verdict for verdict in found if verdict.startswith("failed: ")]
        missed += not failed
        often = "each" if every == ALWAYS else f"{every:,}"
        told = shortened(failed[0].removeprefix("failed: ")) if failed else "-"
        print(f"| {words:<56} | {often:>11} | {workload:<14} | {len(failed)} of {len(found)} | {told} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
