"""The figures of a picture as a table, for those who cannot see it or want the numbers."""

import math
from typing import Optional

from plots import summary
from plots.metrics import METRICS
from plots.pictures.canvas import Shown
from plots.report import grid
from plots.report.appendix import Appendix


class FigureData:
    """Of all cells of the records; medians are computed once for each metric."""

    def __init__(self, cells: list, appendix: Appendix):
        self._cells = cells
        self._appendix = appendix
        self._summaries: dict = {}
        self._busiest = summary.busiest(cells)
        self._records = {place: appendix.of_cell(group[0]) for place, group in summary.by_place(cells).items()}
        self._tasks = set(self._busiest)

    def table(self, name: str, title: str, shown: Shown) -> grid.Grid:
        heads = [("workload", ""), ("engine", "")]
        for metric in shown.metrics:
            heads.append((METRICS[metric].label, METRICS[metric].unit if metric not in ("p50", "p90", "p99", "p999") else ""))
        heads += [("processes", ""), ("repetitions", "")]
        rows = _with_bars([self._row(place, shown) for place in self._places(shown)], METRICS[shown.metrics[0]].scale)
        return grid.Grid(f"data-{name}", title, grid.columns(heads, rows), rows)

    def _places(self, shown: Shown) -> list:
        first = self.summaries(shown.metrics[0])
        order = {task: index for index, task in enumerate(shown.tasks)}
        found = [place for place in first if place.task in order
                 and (shown.every_count or place.processes == self._busiest[place.task])]
        better = -1 if METRICS[shown.metrics[0]].better == "higher" else 1
        return sorted(found, key=lambda place: (order[place.task], place.processes, better * first[place].median))

    def _row(self, place, shown: Shown) -> list:
        row = [grid.GridCell(summary.task_label(place.task, self._tasks)), grid.GridCell(place.engine)]
        count = 0
        for metric in shown.metrics:
            found = self.summaries(metric).get(place)
            row.append(self.cell(METRICS[metric], found, place))
            count = max(count, found.count if found else 0)
        return row + [grid.GridCell(str(place.processes), place.processes), grid.GridCell(str(count), count)]

    def cell(self, metric, found, place) -> grid.GridCell:
        if found is None:
            return grid.GridCell("-")
        text = metric.show(found.median)
        if found.count > 1:
            text += f" {_interval(metric, text, found.interval)}"
        return grid.GridCell(text, found.median, self._records.get(place, ""))

    def summaries(self, metric: str) -> dict:
        if metric not in self._summaries:
            self._summaries[metric] = summary.summarise(self._cells, METRICS[metric])
        return self._summaries[metric]


_BARS = 2  # the column of the first metric


def _with_bars(rows: list, scale: str) -> list:
    """Bars from 0 for a linear metric, over the decades from the smallest figure to the largest for a logarithmic one."""
    values = [row[_BARS].value for row in rows if row[_BARS].value]
    if not values:
        return rows
    low, high = min(values), max(values)

    def length(value) -> Optional[int]:
        if not value:
            return None
        if scale == "linear":
            return round(100 * value / high)
        return round(4 + 96 * math.log(value / low) / (math.log(high / low) or 1))

    return [row[:_BARS] + [row[_BARS]._replace(bar=length(row[_BARS].value))] + row[_BARS + 1:] for row in rows]


def _interval(metric, median: str, interval) -> str:
    """[4.51, 6.89]: in the median's unit, which stands before it, where all three have that."""
    texts = [metric.show(interval.low), metric.show(interval.high)]
    unit = median.partition(" ")[2]
    if all(text.partition(" ")[2] == unit for text in texts):
        texts = [text.partition(" ")[0] for text in texts]
    return f"[{texts[0]}, {texts[1]}]"
