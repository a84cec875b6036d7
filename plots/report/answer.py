"""What stands first: the best engine by need, and the fastest one of every workload."""

from typing import NamedTuple

from plots.metrics import METRICS
from plots.pictures.view import View
from plots.report import grid
from plots.report.figure_data import FigureData
from plots.summary import Place

NEEDS = "needs"  # the table of results/ that names the best engine by need
_SERIES_OVER_SIZES = ("values", "growth")  # groups whose tasks differ in a size alone: their pictures show them


class Need(NamedTuple):
    need: str
    engine: grid.GridCell
    facts: list  # (column's name, cell), without those that say nothing
    command: str


class Fastest(NamedTuple):
    leader: str  # fastest on most workloads
    count: int  # of those
    rest: str  # "bucket-table on 2, boost-map on 1"
    apart: int  # of the workloads those on which the next engine is told apart,
    overlap: int  # cannot be told apart by these repetitions
    table: grid.Grid


def needs(table: grid.Grid) -> list:
    """Of the table `needs`: its columns are told apart by name; `need` and `engine` there must be."""
    names = [column.name.lower() for column in table.columns]
    if "need" not in names or "engine" not in names:
        return []
    found = []
    for row in table.rows:
        cells = dict(zip(names, row))
        facts = [(column.name + (f" ({column.unit})" if column.unit else ""), cell)
                 for column, cell in zip(table.columns, row)
                 if column.name.lower() not in ("need", "engine", "command") and cell.text not in ("", "-")]
        command = cells["command"].text if "command" in cells else ""
        found.append(Need(cells["need"].text, cells["engine"], facts, command))
    return found


def fastest(cells: list, data: FigureData) -> Fastest:
    """The fastest right engine that processes can share on each workload, at its largest number of processes."""
    metric = METRICS["throughput"]
    view = View(cells, metric)
    rows = []
    for group, tasks in view.groups(view.measured_tasks()):
        if group.name not in _SERIES_OVER_SIZES:
            rows += [row for task in tasks if (row := _row(view, data, metric, task))]
    heads = [("workload", ""), ("fastest engine", ""), ("throughput", metric.unit), ("next", ""), ("ahead by", ""),
             ("told apart", ""), ("processes", "")]
    names = [row[1].text for row in rows]
    counts = sorted((-names.count(name), name) for name in set(names)) or [(0, "")]
    verdicts = [row[5].text.partition(":")[0] for row in rows]
    return Fastest(counts[0][1], -counts[0][0], ", ".join(f"{name} on {-count}" for count, name in counts[1:]),
                   verdicts.count("yes"), verdicts.count("no"),
                   grid.Grid("fastest", "The fastest by workload", grid.columns(heads, rows), rows))


def _row(view: View, data: FigureData, metric, task):
    engines = view.engines([task])
    name, found = view.best(task, engines)
    if not found:
        return None
    second, behind = view.best(task, [engine for engine in engines if engine != name])
    processes = view.busiest[task]
    row = [grid.GridCell(view.label(task)), grid.GridCell(name), data.cell(metric, found, Place(task, processes, name))]
    count = grid.GridCell(str(processes), processes)
    if not behind:
        return row + [grid.GridCell("-")] * 3 + [count]
    ratio = found.median / behind.median
    ahead = grid.GridCell(f"{ratio:.2f} x", ratio)
    return row + [grid.GridCell(second), ahead, grid.GridCell(_told_apart(found, behind)), count]


def _told_apart(found, behind) -> str:
    if min(found.count, behind.count) == 1:
        return "no: one repetition"
    return "yes" if found.interval.low > behind.interval.high else "no: they overlap"
