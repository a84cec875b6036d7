"""Record files with made-up figures, for the tests of commands that only read them."""

import json

RUN = {
    "type": "run", "schema": 1, "run_id": "2024-05-01T10:00:00Z-1", "started": "2024-05-01T10:00:00Z", "commit": "abc",
    "compiler": "g++ 12.2.0", "flags": "-O3", "build_type": "Release", "versions": {"redis": "redis-server 7.0.15"},
    "host": {"cpu_model": "Some CPU", "cores": "2"}, "options": {}, "seed": 1, "warnings": [],
}  # fmt: skip


def cell(run, engine, speed, repetition, **more):
    return {
        "type": "cell", "run_id": run["run_id"], "engine": engine, "workload": "get-uniform", "workload_hash": "aa", "phase": "get",
        "processes": 2, "repetition": repetition, "ops": 1000, "elapsed_s": 1000 / speed, "ops_per_s": speed,
        "rusage": {"user_s": 1, "system_s": 0, "voluntary_switches": 3, "involuntary_switches": 1},
        "memory": {"items": 10, "bytes_per_item": 56}, "verified": "ok", "status": "ok", **more,
    }  # fmt: skip


def write_records(file, speeds, cells=None, **run_changes):
    """One run: engines with their speeds, one a repetition. `cells`: fields that all its cells have."""
    run = {**RUN, **run_changes}
    lines = [run] + [
        cell(run, engine, speed, repetition, **(cells or {}))
        for engine, figures in speeds.items()
        for repetition, speed in enumerate(figures)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file
