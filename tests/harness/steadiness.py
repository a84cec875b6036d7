#!/usr/bin/env python3
"""Whether a window of 0.2 s is a steady state: the time of an operation in windows of 0.2 s and of 2 s, phase by phase.

    tests/harness/steadiness.py [--engine NAME]... [--workload large] [--rounds 7]

The two lengths take turns, so that the machine's drift hits both alike. Printed is the median of the ratios of a round:
1.05 is 5 % longer in the short window.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from locations import COMMAND  # noqa: E402

SHORT, LONG = 0.2, 2.0
ENGINES = ["local", "lockfree", "bucket-table", "boost-map", "stream-log"]


def nanoseconds(engine, workload, seconds, seed):
    """Of an operation of one process, by phase; of phases that last some time."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "r.jsonl"
        subprocess.run(
            [COMMAND, "run", "--engine", engine, "--workload", workload, "--processes", "2", "--repetitions", "1", "--seconds",
             str(seconds), "--seed", str(seed), "--out", out, "--format", "none"],
            stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        cells = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    timed = [cell for cell in cells if cell["work"]["seconds"] > 0 and cell["work"]["arrival_rate"] == 0]
    return {cell["phase"]: 1e9 * cell["processes"] / cell["ops_per_s"] for cell in timed}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", dest="engines", metavar="NAME")
    parser.add_argument("--workload", default="large")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    beyond = 0
    for engine in options.engines or ENGINES:
        ratios = {}
        for round_number in range(1, options.rounds + 1):
            pair = [SHORT, LONG] if round_number % 2 else [LONG, SHORT]
            found = {seconds: nanoseconds(engine, options.workload, seconds, round_number) for seconds in pair}
            for phase, short in found[SHORT].items():
                ratios.setdefault(phase, []).append(short / found[LONG][phase])
        for phase, values in ratios.items():
            middle = statistics.median(values)
            beyond += abs(middle - 1) > 0.1
            print(f"| {engine:<12} | {phase:<16} | {middle:.2f} [{min(values):.2f}, {max(values):.2f}] |", flush=True)
    print(f"{beyond} medians differ by more than a tenth")


if __name__ == "__main__":
    main()
