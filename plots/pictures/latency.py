"""Latency percentiles of every engine, one panel for each workload: a strip from p50 to p99.9."""

from plots.metrics import METRICS, format_duration
from plots.pictures import axis
from plots.pictures.canvas import Picture, Shown, save_all
from plots.pictures.marks import line, point
from plots.pictures.rows import Column, Scale, draw_rows
from plots.pictures.view import View, is_harness
from plots.style import MUTED, PAPER, sheet

PERCENTILES = ("p50", "p90", "p99", "p999")
PRINTED = (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"))


def compose(cells: list) -> list:
    views = {name: View(cells, METRICS[name]) for name in PERCENTILES}
    first = views["p50"]
    return [_picture(views, group, tasks) for group, tasks in first.groups(first.measured_tasks())]


def draw(cells: list, out_folder, png: bool = True) -> list:
    with sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(views: dict, group, tasks: list) -> Picture:
    view = views["p50"]
    engines = view.engines(tasks)
    shown = [found for each in views.values() for task in tasks for engine in engines
             if (found := each.at(task, engine))]
    limits = axis.log_limits([bound for found in shown for bound in found.interval[:2]])

    def column(name, heading):
        def text(task, engine):
            found = views[name].at(task, engine)
            return (format_duration(found.median) if found else "", False)

        return Column(heading, text)

    def strip(axes, y, task, engine):
        found = {name: each.at(task, engine) for name, each in views.items()}
        if not found["p50"]:
            return False
        _draw_strip(axes, y, found, view.looks[engine], is_harness(engine))
        return True

    title = f"Latency: {view.group_title(group, tasks)}"
    figure = draw_rows(
        view, title, view.notes(tasks, shown) + "  ·  marks from left to right: p50 (large), p90, p99, p99.9 (hollow)",
        tasks, engines, [column(*printed) for printed in PRINTED],
        Scale(lambda task: limits, axis.log_ticks, format_duration, True,
              "Latency of a call (time in ns, µs, ms; log scale)", True), strip, across=2)
    return Picture(
        f"latency-{group.name}", title,
        "Further left is quicker; a short strip means that a call takes about the same time every time. The large mark "
        "is the median call (p50); the hollow one is what one call in a thousand exceeds (p99.9). Thick pale bars are "
        "the intervals of each percentile. Where a workload batches, a call is a whole batch.", figure,
        Shown(PERCENTILES, tuple(tasks)))


def _draw_strip(axes, y: float, found: dict, look, harness: bool) -> None:
    colour = MUTED if harness else look.colour
    medians = [found[name].median for name in PERCENTILES if found[name]]
    line(axes, [medians[0], medians[-1]], [y, y], color=colour, linewidth=1.3, zorder=2)
    for summary in found.values():
        if summary and summary.interval.high > summary.interval.low:
            line(axes, summary.interval[:2], [y, y], color=colour, linewidth=5, alpha=0.28, zorder=1.5)
    for name in ("p90", "p99"):
        if found[name]:
            point(axes, found[name].median, y, "|", 6, colour, 1.4, 3)
    if found["p999"]:
        point(axes, found["p999"].median, y, "o", 4, colour, 1.2, 3, face=PAPER)
    if harness:
        point(axes, medians[0], y, "|", 9, colour, 2, 4)
    else:
        line(axes, [medians[0]], [y], zorder=4, **look.marker_options(6))
