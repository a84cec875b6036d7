"""What other programs read of `dictbench export`: Google Benchmark's compare.py and github-action-benchmark."""

import json
import pathlib
import subprocess

import pytest

from locations import ROOT

RECORDS = ROOT / "results" / "hosts" / "intel-xeon-2.50ghz-2-cores" / "rivals.jsonl"
COMPARE = pathlib.Path("/usr/share/benchmark/compare.py")  # Debian's libbenchmark-tools
PYTHON = "/usr/bin/python3"


def exported(dictbench, *arguments):
    result = dictbench("export", "--results", RECORDS, *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def action_reads(document):
    """What github-action-benchmark's extractor for `tool: googlecpp` takes of such a file (src/extract.ts)."""
    return [
        {
            "name": entry["name"],
            "value": entry["real_time"],
            "unit": entry["time_unit"] + "/iter",
            "extra": f"iterations: {entry['iterations']}\ncpu: {entry['cpu_time']} {entry['time_unit']}\n"
                     f"threads: {entry['threads']}",
        }
        for entry in document["benchmarks"]
    ]


def test_github_action_benchmark_gets_each_name_once_with_the_time_of_an_operation(dictbench):
    document = exported(dictbench, "--medians")
    benches = action_reads(document)
    assert benches and len({bench["name"] for bench in benches}) == len(benches)
    assert all(bench["unit"] == "ns/iter" and 0 < bench["value"] < 1e9 for bench in benches)
    context = document["context"]
    assert isinstance(context["cpu_scaling_enabled"], bool) and isinstance(context["num_cpus"], int)
    assert {"date", "host_name", "executable", "mhz_per_cpu", "caches", "load_avg", "library_build_type"} <= set(context)


def test_medians_are_of_the_repetitions(dictbench):
    every = exported(dictbench)["benchmarks"]
    median = exported(dictbench, "--medians")["benchmarks"][0]
    times = sorted(entry["real_time"] for entry in every if entry["name"] == median["name"])
    assert len(times) > 1
    middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
    assert median["real_time"] == pytest.approx(middle)


@pytest.mark.parametrize("medians", [[], ["--medians"]])
def test_compare_py_reads_it_unmodified(dictbench, tmp_path, medians):
    if not COMPARE.exists():
        pytest.skip("needs compare.py (libbenchmark-tools)")
    if subprocess.run([PYTHON, "-c", "import numpy, scipy"], capture_output=True).returncode != 0:
        pytest.skip("compare.py needs numpy and scipy (python3-scipy)")
    old = exported(dictbench, *medians)
    new = json.loads(json.dumps(old))
    for entry in new["benchmarks"]:
        entry["real_time"] *= 2
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "new.json").write_text(json.dumps(new))
    result = subprocess.run([PYTHON, "-B", COMPARE, "--no-color", "benchmarks", "old.json", "new.json"], cwd=tmp_path,
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    name = old["benchmarks"][0]["name"]
    line = next(line for line in result.stdout.splitlines() if line.startswith(name + " "))
    assert "+1.0000" in line
