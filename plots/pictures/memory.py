"""Bytes per item of every engine, one panel for each workload: bars from 0, hatched."""

from matplotlib.patches import Rectangle

from plots.metrics import METRICS
from plots.pictures import axis
from plots.pictures.canvas import Picture, Shown, save_all
from plots.pictures.marks import line
from plots.pictures.rows import Column, Scale, draw_rows
from plots.pictures.view import View, is_harness, ties
from plots.style import INK, PAPER, sheet

METRIC = METRICS["bytes_per_item"]


def compose(cells: list) -> list:
    view = View(cells, METRIC)
    return [_picture(view, group, tasks) for group, tasks in view.groups(view.measured_tasks())]


def draw(cells: list, out_folder, png: bool = True) -> list:
    with sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(view: View, group, tasks: list) -> Picture:
    engines = [engine for engine in view.engines(tasks) if not is_harness(engine)]
    shown = [found for task in tasks for engine in engines if (found := view.at(task, engine))]

    best = {task: view.best(task, engines)[1] for task in tasks}

    def limits(task):
        highs = [found.interval.high for engine in engines if (found := view.at(task, engine))]
        return 0, max(highs) * 1.05

    def print_median(task, engine):
        found = view.at(task, engine)
        return (METRIC.show(found.median), ties(found, best[task])) if found else ("", False)

    def bar(axes, y, task, engine):
        found = view.at(task, engine)
        if not found:
            return False
        look = view.looks[engine]
        pale = look.face != look.colour
        axes.add_artist(Rectangle((0, y - 0.31), found.median, 0.62, facecolor=look.face, hatch=look.hatch,
                                  edgecolor=look.colour if pale else PAPER, linewidth=0, zorder=2))
        low, high, _ = found.interval
        if high > low:
            line(axes, [low, high], [y, y], color=INK, linewidth=1, zorder=3)
        return True

    title = f"Memory per item: {view.group_title(group, tasks)}"
    figure = draw_rows(
        view, title, view.notes(tasks, shown, bar="black line"), tasks, engines, [Column("", print_median)],
        Scale(limits, lambda low, high, most: axis.byte_ticks(high, most), METRIC.show, False, METRIC.axis_label,
              False), bar, across=3)
    return Picture(
        f"memory-{group.name}", title,
        f"Leanest of those that processes can share (in bold): {view.leaders(tasks, engines)}. "
        "Shorter is leaner. All that the dict costs beyond what it costs empty is counted, its server's memory too, and "
        "divided by the items that it holds; an item's own key and value are part of it. Every panel has its own axis, "
        "from 0.", figure,
        Shown((METRIC.name,), tuple(tasks)))
