"""Repetitions to one figure: median and exact interval by task, number of processes and engine.

A task is one phase of one workload. An engine that returned wrong data in any repetition of a task has
no figures for it: a speed of wrong answers is no speed. Other broken repetitions are left out one by one.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple, Optional

from plots import statistics
from plots.metrics import Metric
from plots.records import Cell


SEPARATOR = " · "  # in a label, between a workload and its phase


class Task(NamedTuple):
    workload: str
    phase: str


class Place(NamedTuple):
    task: Task
    processes: int
    engine: str  # a cell's label


@dataclass(frozen=True)
class Summary:
    median: float
    interval: statistics.Interval
    count: int


@dataclass(frozen=True)
class Fault:
    place: Place
    reason: str  # of the first broken repetition
    broken: int
    count: int  # repetitions in all
    unfinished: bool = False  # not done in the time that it was given: no fault of the engine's answers

    @property
    def word(self) -> str:
        """What stands in a picture in the speed's place."""
        return self.reason.partition(":")[0]

    @property
    def hides_all(self) -> bool:
        return self.broken == self.count or self.word == "wrong data"


def place_of(cell: Cell) -> Place:
    return Place(Task(cell.workload, cell.phase), cell.processes, cell.label)


def by_place(cells: list) -> dict:
    groups = defaultdict(list)
    for cell in cells:
        groups[place_of(cell)].append(cell)
    return dict(groups)


def faults(cells: list) -> dict:
    """Place -> Fault, for the places with at least one repetition that may not be drawn."""
    found = {}
    for place, group in by_place(cells).items():
        broken = [cell for cell in group if cell.fault]
        broken.sort(key=lambda cell: (not cell.fault.startswith("wrong data"), cell.unfinished))
        if broken:
            found[place] = Fault(place, broken[0].fault, len(broken), len(group), broken[0].unfinished)
    return found


def summarise(cells: list, metric: Metric) -> dict:
    """Place -> Summary, for the places with at least one figure that may be drawn."""
    broken = faults(cells)
    summaries = {}
    for place, group in by_place(cells).items():
        if place in broken and broken[place].hides_all:
            continue
        figures = [metric.compute(cell) for cell in group if cell.drawable]
        figures = [figure for figure in figures if figure is not None]
        if figures:
            summaries[place] = Summary(
                statistics.median(figures), statistics.median_interval(figures), len(figures))
    return summaries


def interval_note(summaries: list, bar: str) -> str:
    """One clause for a picture's subtitle, true of all its figures."""
    if not summaries:
        return ""
    counts = sorted({summary.count for summary in summaries})
    if counts == [1]:
        return "one repetition: no interval"
    coverages = [summary.interval.coverage for summary in summaries if summary.count > 1]
    low = f"{100 * min(coverages):.1f}".rstrip("0").rstrip(".")
    at_least = "" if len(set(coverages)) == 1 else "at least "
    spread = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"median of {spread} repetitions, {bar}: its exact interval ({at_least}{low} %)"


def busiest(cells: list) -> dict:
    """Task -> the largest number of processes that it was run with: what overviews show."""
    most: dict = {}
    for place in by_place(cells):
        most[place.task] = max(most.get(place.task, 0), place.processes)
    return most


def task_label(task: Task, tasks: set, processes: Optional[int] = None) -> str:
    """The workload's name, and the phase where it tells it from another of `tasks`."""
    label = task.workload
    if len({other.phase for other in tasks if other.workload == task.workload}) > 1:
        label += SEPARATOR + task.phase
    return label if processes is None else f"{label}, {processes} process{'' if processes == 1 else 'es'}"
