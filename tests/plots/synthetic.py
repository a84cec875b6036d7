"""Made-up records: engines of known speeds on many workloads, with every kind of broken cell among them."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CLOSED = {"null": 2.4e8, "local": 9.1e6, "boost-map": 1.1e6, "redis": 3.2e4, "redis?pipeline=16": 3.1e5,
          "memcached": 4.4e4, "sqlite-wal": 1.6e4, "lmdb": 2.4e5}
SEVEN = ("null", "local", "boost-map", "redis", "redis?pipeline=16", "memcached", "lmdb")
MANY = dict(CLOSED, **{"sqlite-wal?sync=off&batch=64": 9e4, "lockfree": 7.7e6, "stream-log": 3.3e6,
                       "bucket-table": 5.2e6, "memcached?protocol=ascii": 4.1e4})
WORKLOADS = {"load-1m": 0.6, "get-uniform": 1.3, "update-uniform": 0.9, "zipf-95-5": 1.5, "get-batch-32": 3.0,
             "set-batch-32": 2.0, "churn": 0.5, "mpdict-1m": 0.7, "redis-100k": 0.8, "lock-counter": 1.1,
             **{f"ycsb-{letter}": 1.2 for letter in "abcdef"}}
TWO_PHASES = {"pyshmht-64b": ("set", "get")}
SIZES = ("10B", "1KiB", "1MiB")


def run(*arguments, hash_seed="1", before=""):
    """The command; `before`: a statement that its process runs first."""
    program = ["-m", "plots"]
    if before:
        program = ["-c", f"import runpy, sys; {before}; runpy.run_module('plots', run_name='__main__')"]
    return subprocess.run([sys.executable, *program, *map(str, arguments)], cwd=ROOT, text=True, capture_output=True,
                          timeout=120, env=dict(os.environ, PYTHONHASHSEED=hash_seed, SOURCE_DATE_EPOCH=""))


def run_line(run_id="run-1", cpus="2", warnings=("The governor is powersave: set it to performance.",)):
    return {"type": "run", "schema": 1, "run_id": run_id, "started": "2025-01-02T03:04:05Z", "commit": "0123456789ab",
            "dirty": False, "compiler": "GNU 12.2.0", "flags": "-O3", "build_type": "Release",
            "versions": {"redis-server": "7.0.15", "lmdb": "0.9.24"},
            "host": {"cpu_model": "Example(R) Processor @ 2.25GHz", "cores": cpus, "memory": "8 GiB",
                     "kernel": "6.1.0", "governor": "unavailable: no cpufreq"},
            "options": {"repetitions": "5"}, "seed": 7, "warnings": list(warnings)}


def cell_line(engine="redis", workload="get-uniform", phase="run", processes=1, repetition=0, speed=1e5, **changes):
    """A whole cell; `changes` replace fields of the record."""
    ops = 100000
    p50 = 0.7e9 / speed * processes
    server = engine.startswith(("redis", "memcached"))
    waits = ops * (1.02 if server else 0.0003) * (0 if engine in ("null", "local") else 1)
    per_item = {"local": 168.0, "boost-map": 141.0, "redis": 96.5, "memcached": 107.0}.get(engine, 60.0)
    record = {
        "type": "cell", "run_id": "run-1", "tier": "c++", "engine": engine, "workload": workload,
        "workload_hash": "9f", "scale": 1.0, "phase": phase, "processes": processes, "repetition": repetition,
        "start": "fork", "ops": ops, "elapsed_s": ops / speed, "ops_per_s": speed,
        "latency_ns": {"samples": 1562, "one_in": 64, "p50": p50, "p90": p50 * 1.6, "p99": p50 * 4.1,
                       "p999": p50 * 21.0, "max": p50 * 300},
        "workers": [],
        "rusage": {"user_s": 0.1, "system_s": 0.1, "minor_faults": 9, "major_faults": 0,
                   "voluntary_switches": int(waits / 2), "involuntary_switches": 3 * processes + repetition},
        "memory": {"max_rss_bytes": 9e6, "pss_bytes": 1e7, "storage_bytes": 8e6, "storage_length_bytes": 8e6,
                   "engine_bytes": int(per_item * 1e5), "items": 0 if engine == "null" else 100000,
                   "bytes_per_item": 0.0 if engine == "null" else per_item},
        "verified_keys": 1000, "verified": "not applicable: null keeps nothing" if engine == "null" else "ok",
        "status": "ok", "engine_facts": {}}
    if server:
        record["server_rusage"] = dict(record["rusage"])
    record.update(changes)
    return record


def suite(engines=SEVEN, workloads=tuple(WORKLOADS), processes=(1, 2, 3), repetitions=5, seed=1):
    """Lines of one run: every engine on every workload, and the broken cells that BROKEN tells."""
    dice = random.Random(seed)
    lines = [run_line()]
    speeds = {**MANY}
    phases = [(workload, "run", factor) for workload, factor in WORKLOADS.items() if workload in workloads]
    phases += [(workload, phase, 1.0) for workload, names in TWO_PHASES.items() if workload in workloads
               for phase in names]
    if "values" in workloads:
        phases += [("values", f"{kind}-{size}", 1.2 / 2**index) for index, size in enumerate(SIZES)
                   for kind in ("set", "get")]
    for repetition in range(repetitions):
        for workload, phase, factor in phases:
            for engine in engines:
                for count in processes:
                    scaling = count**0.9 if "lock" not in workload and engine != "boost-map" else count**-0.3
                    # Of its own for each engine and workload, so that pictures are not regular.
                    quirk = 1 + (sum(map(ord, engine + workload)) % 17) / 10
                    speed = speeds[engine] * factor * scaling * quirk * dice.lognormvariate(0, 0.06)
                    lines.append(_broken(cell_line(engine, workload, phase, count, repetition, speed)))
    return lines


# What _broken() does, for tests to look for.
BROKEN = {("memcached", "get-uniform"): "unavailable", ("redis", "load-1m"): "wrong data",
          ("lmdb", "zipf-95-5"): "invalid"}


def _broken(cell):
    kind = BROKEN.get((cell["engine"], cell["workload"]))
    if kind == "unavailable":
        cell.update(status="unavailable: memcached is not installed", verified="not done: no run", ops_per_s=0)
    elif kind == "wrong data" and cell["repetition"] == 2:
        cell.update(verified="failed: 3 keys of 1000 are lost")
    elif kind == "invalid" and cell["processes"] == 3:
        cell.update(status="invalid: worker 2 died of signal 9", verified="not done: invalid", ops_per_s=0)
    return cell


def as_text(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


def tables():
    return [
        {"name": "engines", "title": "Every engine on every workload", "notes": "Median of 5 repetitions.",
         "columns": [{"name": "engine", "unit": ""}, {"name": "throughput", "unit": "op/s"}],
         "rows": [["redis", "32,100"], ["lmdb <fast>", "240,000"]]},
        {"name": "contracts", "title": "What the engines promise", "notes": ["One.", "Two."],
         "columns": [{"name": "engine", "unit": ""}, {"name": "shared", "unit": ""}], "rows": [["redis", "yes"]]},
    ]


def source(engine, workload="load-1m", processes=2, **changes):
    return {"type": "cell", "engine": engine, "runs": ["run-1"], "tier": "c++", "workload": workload, "phase": "run",
            "processes": processes, "scale": 1.0, "start": "fork", **changes}


def sourced_tables():
    """With numbers, intervals and sources, as results/table.h describes them; the numbers' order is not the texts'."""
    rows = [("redis", 2, "99.1 k [90.2, 110.4]", 99100.0), ("lmdb", 2, "240 k [228, 251]", 240000.0),
            ("redis?pipeline=16", 2, "1.10 M [1.02, 1.31]", 1.1e6), ("boost-map", 2, "unavailable: no memory", None),
            ("redis", 1, "32.1 k [31.0, 33.3]", 32100.0), ("lmdb", 1, "131 k [127, 138]", 131000.0),
            ("null", 1, "240 M [231, 248]", 2.4e8)]
    sources = [source(engine, processes=processes) for engine, processes, _, _ in rows]
    speeds = {
        "name": "engines", "title": "load-1m", "notes": ["Medians of 3 repetitions."],
        "columns": [{"name": "engine", "unit": ""}, {"name": "procs", "unit": ""}, {"name": "ops/s", "unit": ""}],
        "rows": [[engine, str(processes), text] for engine, processes, text, _ in rows],
        "figures": [[None, {"number": processes}, {"sources": [index]} | ({} if number is None else {"number": number})]
                    for index, (_, processes, _, number) in enumerate(rows)],
        "sources": sources}
    found = {
        "name": "contracts", "title": "What was found: kills and histories", "notes": [],
        "columns": [{"name": "engine", "unit": ""}, {"name": "kills survived", "unit": ""}],
        "rows": [["lmdb", "20 of 20"]], "figures": [[None, {"number": 1.0, "sources": [0]}]],
        "sources": [{"type": "torture", "engine": "lmdb", "runs": ["run-1"], "fault": "kill"}]}
    needs = {
        "name": "needs", "title": "The best engine by need", "notes": [],
        "columns": [{"name": name, "unit": ""} for name in ("need", "engine", "figure", "runner-up", "why", "command")],
        "rows": [["many readers", "redis?pipeline=16", "1.10 M ops/s", "lmdb", "it batches its round trips",
                  "dictbench run --workload load-1m"], ["durable", "lmdb", "240 k ops/s", "-", "it syncs", ""]],
        "figures": [[None, None, {"number": 1.1e6, "sources": [0]}, None, None, None], [None] * 6],
        "sources": [sources[2]]}
    hosts = {"name": "hosts", "title": "The hosts", "notes": [],
             "columns": [{"name": "fact", "unit": ""}, {"name": "example", "unit": ""}], "rows": [["cores", "2"]]}
    fastest = {
        "name": "fastest", "title": "The best of each workload", "notes": [],
        "columns": [{"name": name, "unit": ""} for name in ("workload", "best", "told apart")],
        "rows": [["load-1m", "redis?pipeline=16", "yes"], ["zipf-95-5", "lmdb", "no: redis"]]}
    standings = {"name": "standings", "title": "Who is ranked", "notes": [],
                 "columns": [{"name": name, "unit": ""} for name in ("engine", "ranked")],
                 "rows": [["lmdb", "yes"], ["redis", "yes"], ["redis?pipeline=16", "yes"], ["null", "no: does nothing"]]}
    published = {"name": "redis-100k", "title": "Published by others, not measured here", "notes": [],
                 "columns": [{"name": name, "unit": ""} for name in ("system", "published")], "rows": [["redis", "7.5 s"]],
                 "figures": [[None, {"number": 7.5}]]}
    return [speeds, found, needs, hosts, fastest, standings, published]


def torture_line(engine="lmdb", fault="kill"):
    return {"type": "torture", "run_id": "run-1", "engine": engine, "fault": fault, "processes": 3, "tried": 20,
            "survived": 20, "operations": 4711, "lost": 0, "longest_stall_s": 0.0123, "bytes_left_per_kill": 0.0,
            "elapsed_s": 1.0, "found": "20 kills survived", "status": "ok", "facts": {}}
