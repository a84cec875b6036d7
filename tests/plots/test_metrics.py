import json

import pytest
import synthetic

from plots import metrics, summary
from plots.metrics import METRICS
from plots.records import read_records


def cells_of(tmp_path, *lines):
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in (synthetic.run_line(), *lines)))
    return read_records([file]).cells


def test_metrics_of_a_cell(tmp_path):
    usage = {"user_s": 1, "system_s": 1, "minor_faults": 0, "major_faults": 0, "voluntary_switches": 150,
             "involuntary_switches": 20}
    (cell,) = cells_of(tmp_path, synthetic.cell_line(
        ops=1000, ops_per_s=5e5, rusage=usage, server_rusage=dict(usage, voluntary_switches=50),
        latency_ns={"samples": 9, "one_in": 4, "p50": 100, "p90": 200, "p99": 300, "p999": 400, "max": 500},
        memory={"items": 10, "bytes_per_item": 48.5}))
    found = {name: metric.compute(cell) for name, metric in METRICS.items()}
    assert found == {"throughput": 5e5, "p50": 100, "p90": 200, "p99": 300, "p999": 400, "bytes_per_item": 48.5,
                     "voluntary_switches": 0.2, "involuntary_switches": 0.04}


def test_what_a_cell_lacks_is_no_figure(tmp_path):
    (cell,) = cells_of(tmp_path, synthetic.cell_line(
        "lmdb", ops=0, ops_per_s=0, rusage={}, latency_ns=None, memory={"items": 0, "bytes_per_item": 0}))
    assert {metric.compute(cell) for metric in METRICS.values()} == {None}


def test_every_metric_says_its_unit_and_meaning():
    for metric in METRICS.values():
        assert metric.unit in metric.axis_label and "(" in metric.axis_label
        assert metric.better in ("higher", "lower") and metric.scale in ("log", "linear")
        assert metric.definition.endswith(".")


@pytest.mark.parametrize("show,value,text", [
    (metrics.format_count, 8_934_000, "8.93 M"), (metrics.format_count, 999_960, "1.00 M"),
    (metrics.format_count, 120_000, "120 k"), (metrics.format_count, 2.5e9, "2.50 G"),
    (metrics.format_count, 42, "42.0"), (metrics.format_count, 0, "0"),
    (metrics.format_duration, 38.2, "38.2 ns"), (metrics.format_duration, 1500, "1.50 µs"),
    (metrics.format_duration, 2.5e6, "2.50 ms"), (metrics.format_duration, 3e9, "3.00 s"),
    (metrics.format_bytes, 141, "141 B"), (metrics.format_bytes, 1536, "1.50 KiB"),
    (metrics.format_bytes, 2**20, "1.00 MiB"),
    (metrics.format_rate, 1.02, "1.02"), (metrics.format_rate, 0.0123, "0.0123"),
    (metrics.format_rate, 4.12e-6, "4.1e-6"), (metrics.format_rate, 9.96e-6, "1.0e-5"), (metrics.format_rate, 0, "0"),
])
def test_figures_have_three_digits(show, value, text):
    assert show(value) == text


@pytest.mark.parametrize("text,plain", [
    ("1.00 M", "1 M"), ("2.50 ns", "2.5 ns"), ("100 k", "100 k"), ("1.0e-5", "1e-5"), ("0.0100", "0.01"), ("0", "0"),
    ("150 B", "150 B"),
])
def test_ticks_are_plain(text, plain):
    assert metrics.plain(text) == plain


def test_median_and_interval_over_repetitions(tmp_path):
    lines = [synthetic.cell_line(repetition=index, ops_per_s=speed) for index, speed in enumerate([50, 10, 40, 20, 30])]
    (found,) = summary.summarise(cells_of(tmp_path, *lines), METRICS["throughput"]).values()
    assert (found.median, found.interval.low, found.interval.high, found.count) == (30, 10, 50, 5)
    assert found.interval.coverage == 0.9375


def test_a_broken_repetition_is_left_out_and_wrong_data_hides_all(tmp_path):
    lines = [synthetic.cell_line("redis", repetition=0, ops_per_s=10),
             synthetic.cell_line("redis", repetition=1, ops_per_s=30),
             synthetic.cell_line("redis", repetition=2, ops_per_s=99, status="invalid: a worker died"),
             synthetic.cell_line("lmdb", repetition=0, ops_per_s=10),
             synthetic.cell_line("lmdb", repetition=1, ops_per_s=30, verified="failed: 1 key lost")]
    cells = cells_of(tmp_path, *lines)
    (place, found), = summary.summarise(cells, METRICS["throughput"]).items()
    assert (place.engine, found.median, found.count) == ("redis", 20, 2)
    told = {place.engine: (fault.word, fault.hides_all, fault.broken) for place, fault in summary.faults(cells).items()}
    assert told == {"redis": ("invalid", False, 1), "lmdb": ("wrong data", True, 1)}


def test_phases_are_told_apart_where_there_are_several(cells):
    tasks = {summary.place_of(cell).task for cell in cells}
    assert {summary.task_label(task, tasks) for task in tasks} == {
        "load-1m", "get-uniform", "zipf-95-5", "churn", "pyshmht-64b · set", "pyshmht-64b · get"}
