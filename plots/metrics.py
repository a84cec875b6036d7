"""The metrics: one table that drives every picture and the report's definitions.

A metric computes one number from one cell, or None where the cell does not hold it.
"""

import math
import re
from dataclasses import dataclass
from typing import Callable, Optional

from plots.records import Cell

PER_SI = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def format_count(value: float) -> str:
    """Three digits: 8.93 M, 120 k, 0.0400."""
    for size, letter in PER_SI:
        if value >= size * 0.9995:
            return f"{_digits(value / size)} {letter}"
    return _digits(value)


def format_duration(nanoseconds: float) -> str:
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= size * 0.9995:
            return f"{_digits(nanoseconds / size)} {unit}"
    return f"{_digits(nanoseconds)} ns"


def format_bytes(value: float) -> str:
    for size, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if value >= size * 0.9995:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value)} B"


def format_rate(value: float) -> str:
    """Of rare events: 1.98, 0.0310, 4.1e-6."""
    if value == 0 or value >= 9.995e-4:
        return _digits(value)
    exponent = math.floor(math.log10(value * 1.005))
    return f"{value / 10.0**exponent:.1f}e{exponent}"


def plain(text: str) -> str:
    """A formatted figure without zeros that say nothing, for ticks: 1.00 M becomes 1 M."""
    return re.sub(r"\.0+(?!\d)|(\.\d*?[1-9])0+(?!\d)", r"\1", text)


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:#.3g}"


@dataclass(frozen=True)
class Metric:
    name: str
    label: str
    unit: str
    compute: Callable[[Cell], Optional[float]]
    scale: str  # "log" or "linear"
    better: str  # "higher" or "lower"
    show: Callable[[float], str]
    definition: str

    @property
    def axis_label(self) -> str:
        return f"{self.label} ({self.unit}{', log scale' if self.scale == 'log' else ''})"


def _throughput(cell: Cell) -> Optional[float]:
    return cell.ops_per_s or None


def _percentile(name: str) -> Callable[[Cell], Optional[float]]:
    return lambda cell: (cell.latency_ns or {}).get(name) or None


def _bytes_per_item(cell: Cell) -> Optional[float]:
    return cell.memory.get("bytes_per_item") if cell.memory.get("items") else None


def _switches(kind: str) -> Callable[[Cell], Optional[float]]:
    def compute(cell: Cell) -> Optional[float]:
        if not cell.ops or kind not in cell.rusage:
            return None
        return (cell.rusage[kind] + (cell.server_rusage or {}).get(kind, 0)) / cell.ops

    return compute


def _latency_metric(field: str, label: str, meaning: str) -> Metric:
    return Metric(
        field, f"Latency {label}", "time per call", _percentile(field), "log", "lower", format_duration,
        f"The time that {meaning} of the sampled calls did not exceed, all processes together. "
        "A call is one operation, or one batch where the workload batches. At a fixed arrival rate the "
        "time runs from the intended start. Told where at least ten samples lie beyond it.")


METRICS = {
    metric.name: metric
    for metric in (
        Metric("throughput", "Throughput", "operations/s", _throughput, "log", "higher", format_count,
               "Operations of all processes divided by the measured window: from the first process's start to the "
               "last one's finish."),
        _latency_metric("p50", "p50", "half"),
        _latency_metric("p90", "p90", "90 %"),
        _latency_metric("p99", "p99", "99 %"),
        _latency_metric("p999", "p99.9", "99.9 %"),
        Metric("bytes_per_item", "Memory per item", "bytes", _bytes_per_item, "linear", "lower", format_bytes,
               "What the dict costs (its storage, its servers' memory and the private memory that it makes the "
               "processes grow by) beyond what it costs empty, divided by the items that it holds at the end."),
        Metric("voluntary_switches", "Voluntary context switches", "switches/operation",
               _switches("voluntary_switches"), "log", "lower", format_rate,
               "How often a process or server thread gave the CPU up to wait (for a lock, a reply, a disk), divided by "
               "the operations. Workers and servers are added up."),
        Metric("involuntary_switches", "Involuntary context switches", "switches/operation",
               _switches("involuntary_switches"), "log", "lower", format_rate,
               "How often the kernel took the CPU away, divided by the operations: mostly more runnable threads than "
               "CPUs. Workers and servers are added up."),
    )
}
