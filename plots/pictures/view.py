"""What every picture needs of the cells: looks, order of engines, titles and notes."""

import math
from collections import defaultdict

from plots import grouping, style, summary
from plots.metrics import Metric
from plots.summary import SEPARATOR


class View:
    """All cells of a report, seen through one metric. Engines keep their looks whatever a picture shows of them."""

    def __init__(self, cells: list, metric: Metric):
        self.cells = cells
        self.metric = metric
        self.looks = style.looks([cell.label for cell in cells])
        self.summaries = summary.summarise(cells, metric)
        self.faults = summary.faults(cells)
        self.busiest = summary.busiest(cells)
        self.tasks = set(self.busiest)
        # Task -> operations a second, over all processes, of those that come at fixed times.
        self.open_loop = {summary.place_of(cell).task: cell.work["arrival_rate"] for cell in cells if cell.open_loop}
        self.task_order = list(dict.fromkeys(summary.place_of(cell).task for cell in cells))
        self.ranked = {cell.label for cell in cells if cell.ranked}
        self.cpus = next((cell.cpus for cell in cells if cell.cpus), None)

    def groups(self, tasks: set) -> list:
        return grouping.grouped(tasks, self.task_order)

    def at(self, task, engine: str, processes: int = 0):
        """The engine's Summary at `processes` (0: the task's largest number); None when there is none."""
        return self.summaries.get(summary.Place(task, processes or self.busiest[task], engine))

    def fault(self, task, engine: str):
        return self.faults.get(summary.Place(task, self.busiest[task], engine))

    def measured_tasks(self) -> set:
        """Tasks with a figure at their largest number of processes. Operations at fixed times have no throughput of the
        engine's: it is the rate that was given."""
        found = {place.task for place in self.summaries if place.processes == self.busiest[place.task]}
        return found - set(self.open_loop) if self.metric.name == "throughput" else found

    def engines(self, tasks: list) -> list:
        """Those that were tried on `tasks`, best first: by the geometric mean of their ratios to each task's median
        engine, so that a task with large figures does not outweigh the others. What an engine did not finish in time
        counts as twice as bad as the worst of those that did: no engine gains by it. Without any figure: last."""
        tried = {place.engine for place in summary.by_place(self.cells) if place.task in set(tasks)}
        ratios = defaultdict(list)
        for task in tasks:
            figures = {engine: found.median for engine in tried if (found := self.at(task, engine))}
            positive = sorted(value for value in figures.values() if value > 0)
            if not positive:
                continue
            worst = 2 * positive[-1] if self.metric.better == "lower" else positive[0] / 2
            figures |= {engine: worst for engine in tried if engine not in figures
                        and (fault := self.fault(task, engine)) and fault.hides_all and fault.unfinished}
            floor = positive[0] / 10  # stands for 0 among logarithms
            middle = positive[len(positive) // 2]
            for engine, value in figures.items():
                ratios[engine].append(math.log(max(value, floor) / middle))
        sign = -1 if self.metric.better == "higher" else 1
        return sorted(tried, key=lambda engine: (
            engine not in ratios, sign * sum(ratios[engine]) / max(1, len(ratios[engine])), engine))

    def best(self, task, engines: list) -> tuple:
        """The best of `engines` that are ranked, and its Summary: ("", None) when there is none."""
        found = [(engine, result) for engine in engines if engine in self.ranked and (result := self.at(task, engine))]
        choose = max if self.metric.better == "higher" else min
        return choose(found, key=lambda pair: pair[1].median, default=("", None))

    def leaders(self, tasks: list, engines: list) -> str:
        """'lmdb in 3 of 4 panels, redis in 1': who is best among those that processes can share."""
        names = [name for task in tasks if (name := self.best(task, engines)[0])]
        counts = sorted(((-names.count(name), name) for name in set(names)))
        parts = [f"{name} in {-count}" + (f" of {len(tasks)} panels" if index == 0 else "")
                 for index, (count, name) in enumerate(counts)]
        if len(tasks) == 1 and names:
            return names[0]
        return ", ".join(parts) or "none"

    def label(self, task, processes: bool = False) -> str:
        return summary.task_label(task, self.tasks, self.busiest[task] if processes else None)

    def headings(self, tasks: list) -> dict:
        """Task -> its panel's heading: with the number of processes where that differs between panels, and without
        the workload's name where all share it and group_title() says it."""
        differ = len({self.busiest[task] for task in tasks}) > 1
        found = {task: self.label(task, differ) for task in tasks}
        if len(tasks) > 1 and len({task.workload for task in tasks}) == 1:
            found = {task: label.removeprefix(task.workload).removeprefix(SEPARATOR) for task, label in found.items()}
        return found

    @staticmethod
    def group_title(group, tasks: list) -> str:
        workloads = {task.workload for task in tasks}
        if len(workloads) == 1 and group.title != tasks[0].workload:
            return f"{group.title} ({tasks[0].workload})"
        return group.title

    def notes(self, tasks: list, shown: list, bar: str = "pale bar") -> str:
        """The line under a title: processes, host, scale, what median and bar mean. `shown`: the summaries drawn."""
        parts = [self._processes(tasks), self.cells[0].host]
        scales = sorted({cell.scale for cell in self.cells if summary.place_of(cell).task in tasks})
        if scales != [1.0]:
            parts.append(f"scale {' and '.join(f'{scale:g}' for scale in scales)}")
        parts.append(summary.interval_note(shown, bar))
        return "  ·  ".join(part for part in parts if part)

    def _processes(self, tasks: list) -> str:
        counts = sorted({self.busiest[task] for task in tasks})
        if len(counts) == 1:
            return f"{counts[0]} process{'' if counts[0] == 1 else 'es'}"
        return f"{', '.join(map(str, counts[:-1]))} or {counts[-1]} processes"


def ties(found, best) -> bool:
    """Whether a Summary is as good as the best one, which may be None."""
    return best is not None and found.median == best.median


def display_name(engine: str) -> str:
    if style.base_name(engine) == style.HARNESS:
        return f"{engine}: harness alone"
    if style.base_name(engine) == style.PRIVATE:
        return f"{engine} (not shared)"
    return engine


def is_harness(engine: str) -> bool:
    return style.base_name(engine) == style.HARNESS
