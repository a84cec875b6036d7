"""What stands first: the best engine by need, and the fastest one of every workload."""

from typing import NamedTuple

from plots.metrics import METRICS
from plots.pictures.view import View
from plots.report import grid
from plots.report.figure_data import FigureData

NEEDS = "needs"  # the table of results/ that names the best engine by need
_SERIES_OVER_SIZES = ("values", "growth")  # groups whose tasks differ in a size alone: their pictures show them


class Need(NamedTuple):
    need: str
    engine: grid.GridCell
    facts: list  # (column's name, cell), without those that say nothing
    command: str


class Fastest(NamedTuple):
    summary: str
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
    rows, names = [], []
    for group, tasks in view.groups(view.measured_tasks()):
        if group.name in _SERIES_OVER_SIZES:
            continue
        for task in tasks:
            row = _row(view, data, metric, group.title, task)
            if row:
                rows.append(row)
                names.append(row[3].text)
    heads = [("workload", ""), ("kind", ""), ("processes", ""), ("engine", ""), ("throughput", metric.unit),
             ("next", ""), ("ahead by", ""), ("told apart", "")]
    counts = sorted((-names.count(name), name) for name in set(names))
    parts = [f"{name} on {-count}" for count, name in counts]
    told = f"Fastest that processes can share: {', '.join(parts)} of {len(rows)} workloads." if rows else ""
    return Fastest(told, grid.Grid("fastest", "The fastest by workload", grid.columns(heads, rows), rows))


def _row(view: View, data: FigureData, metric, kind: str, task):
    engines = view.engines([task])
    name, found = view.best(task, engines)
    if not found:
        return None
    second, behind = view.best(task, [engine for engine in engines if engine != name])
    processes = view.busiest[task]
    place = next(place for place in view.summaries
                 if place.task == task and place.processes == processes and place.engine == name)
    row = [grid.GridCell(view.label(task)), grid.GridCell(kind), grid.GridCell(str(processes), processes),
           grid.GridCell(name), data.cell(metric, found, place)]
    if not behind:
        return row + [grid.GridCell("-")] * 3
    ratio = found.median / behind.median
    about = "" if view.scale(task, name) == view.scale(task, second) else "~"
    apart = "yes" if found.interval.low > behind.interval.high else "no: the intervals overlap"
    if min(found.count, behind.count) == 1:
        apart = "no: one repetition"
    return row + [grid.GridCell(second), grid.GridCell(f"{about}{ratio:.2f} x", ratio), grid.GridCell(apart)]
