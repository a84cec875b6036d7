"""Throughput of every engine, one panel for each workload: a dot for the median, a bar for its interval."""

from plots.metrics import METRICS
from plots.pictures import axis
from plots.pictures.canvas import Picture, Shown, save_all
from plots.pictures.marks import dot
from plots.pictures.rows import Column, Scale, draw_rows
from plots.pictures.view import View, is_harness, ties
from plots.style import MUTED, sheet

METRIC = METRICS["throughput"]


def compose(cells: list) -> list:
    view = View(cells, METRIC)
    return [_picture(view, group, tasks) for group, tasks in view.groups(view.measured_tasks())]


def draw(cells: list, out_folder, png: bool = True) -> list:
    with sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(view: View, group, tasks: list) -> Picture:
    engines = view.engines(tasks)
    shown = [found for task in tasks for engine in engines if (found := view.at(task, engine))]
    limits = axis.log_limits([bound for found in shown for bound in found.interval[:2]])
    best = {task: view.best(task, engines)[1] for task in tasks}

    def print_median(task, engine):
        found = view.at(task, engine)
        return (METRIC.show(found.median), ties(found, best[task])) if found else ("", False)

    def harness_line(axes, task):
        found = next((found for engine in engines if is_harness(engine) and (found := view.at(task, engine))), None)
        if found:
            axes.axvline(found.median, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)

    def mark(axes, y, task, engine):
        return dot(axes, y, view.at(task, engine), view.looks[engine], is_harness(engine))

    title = f"Throughput: {view.group_title(group, tasks)}"
    figure = draw_rows(
        view, title, view.notes(tasks, shown), tasks, engines, [Column("op/s", print_median)],
        Scale(lambda task: limits, axis.log_ticks, METRIC.show, True, METRIC.axis_label, True),
        mark, across=3, background=harness_line)
    return Picture(
        f"throughput-{group.name}", title,
        f"Fastest of those that processes can share (in bold): {view.leaders(tasks, engines)}. "
        "Further right is faster; each grid line is ten times the one before it. Engines whose bars overlap were not "
        "told apart by this run. The dashed line is the null engine, which does "
        "nothing: no engine can be faster than the harness alone.", figure, Shown((METRIC.name,), tuple(tasks)))
