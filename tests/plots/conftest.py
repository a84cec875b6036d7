import json
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]  # the project's root, and synthetic.py

import synthetic  # noqa: E402

from plots.records import read_records  # noqa: E402


@pytest.fixture(scope="session")
def suite_file(tmp_path_factory):
    """Seven engines, five repetitions, 1 to 3 processes, every kind of broken cell, a cut last line."""
    path = tmp_path_factory.mktemp("records") / "suite.jsonl"
    workloads = ("load-1m", "get-uniform", "zipf-95-5", "pyshmht-64b", "churn")
    path.write_text(synthetic.as_text(synthetic.suite(workloads=workloads)) + '{"type":"cell","run_id":"ru')
    return path


@pytest.fixture(scope="session")
def cells(suite_file):
    return read_records([suite_file]).cells


@pytest.fixture(scope="session")
def many_cells(tmp_path_factory):
    """Thirteen engines with long names on all nineteen workloads: what text must not overlap in."""
    path = tmp_path_factory.mktemp("records") / "many.jsonl"
    workloads = (*synthetic.WORKLOADS, *synthetic.TWO_PHASES, "values")
    lines = synthetic.suite(tuple(synthetic.MANY), workloads, processes=(1, 4), repetitions=2)
    path.write_text(synthetic.as_text(lines))
    return read_records([path]).cells


@pytest.fixture(scope="session")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "small.jsonl"
    lines = synthetic.suite(engines=("null", "redis", "redis?pipeline=16", "lmdb"), workloads=("load-1m", "zipf-95-5"),
                            repetitions=3)
    path.write_text(synthetic.as_text(lines + [synthetic.torture_line()]))
    return path


@pytest.fixture(scope="session")
def report(small_file, tmp_path_factory):
    """The folder of a report with every kind of section."""
    folder = tmp_path_factory.mktemp("report")
    tables = folder / "tables.json"
    tables.write_text(json.dumps(synthetic.tables() + synthetic.sourced_tables()))
    result = synthetic.run("--records", small_file, "--tables", tables, "--out", folder / "out")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{folder / 'out' / 'report.html'}\n"
    return folder / "out"
