"""Latency percentiles of every engine, one panel for each workload: a strip from p50 to the highest that is known.

Closed and open loops stand in pictures of their own: in a closed loop nobody waits for the dict while it stands still,
so its percentiles are no tails that a caller would see.
"""

from plots.metrics import METRICS, format_count, format_duration, plain
from plots.pictures import axis
from plots.pictures.canvas import Picture, Shown, save_all
from plots.pictures.marks import line, point
from plots.pictures.rows import Column, Scale, draw_rows
from plots.pictures.view import View, is_harness
from plots.style import MUTED, PAPER, sheet

PERCENTILES = ("p50", "p90", "p99", "p999")
PRINTED = (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"))
MARKS = (("p50", "p50 (large)"), ("p90", "p90"), ("p99", "p99"), ("p999", "p99.9 (hollow)"))
CLOSED = ("Each process calls again when its last call has returned: while the dict stands still nobody else waits, so "
          "a stall counts once. ")
OPEN = ("Calls are due at fixed times, the same for all engines, and their latency counts from then: a stall delays "
        "many. ")


def compose(cells: list) -> list:
    views = {name: View(cells, METRICS[name]) for name in PERCENTILES}
    first = views["p50"]
    found = []
    for group, tasks in first.groups(first.measured_tasks()):
        closed = [task for task in tasks if task not in first.open_loop]
        found += [_picture(views, group, closed, "")] if closed else []
        # Each rate has its own engines: those that can keep it.
        found += [_picture(views, group, [task], f"-{task.phase}") for task in tasks if task in first.open_loop]
    return found


def draw(cells: list, out_folder, png: bool = True) -> list:
    with sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(views: dict, group, tasks: list, suffix: str) -> Picture:
    view = views["p50"]
    open_loop = tasks[0] in view.open_loop
    engines = _order(views, tasks)
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

    loop = f"open loop at {plain(format_count(view.open_loop[tasks[0]]))} op/s" if open_loop else "closed loop"
    title = f"Latency, {loop}: {view.label(tasks[0]) if open_loop else view.group_title(group, tasks)}"
    known = [name for name in PERCENTILES if any(views[name].at(task, engine) for task in tasks for engine in engines)]
    marks = [mark for name, mark in MARKS if name in known]
    figure = draw_rows(
        view, title, f"{view.notes(tasks, shown)}  ·  marks from left to right: {', '.join(marks)}",
        tasks, engines, [column(*printed) for printed in PRINTED if printed[0] in known],
        Scale(lambda task: limits, axis.log_ticks, format_duration, True,
              "Latency of a call (time in ns, µs, ms; log scale)", True), strip, across=2)
    return Picture(
        f"latency-{group.name}{suffix}", title,
        (OPEN if open_loop else CLOSED) +
        "Further left is quicker; a short strip means that a call takes about the same time every time. The large mark "
        "is the median call (p50)" +
        ("; the hollow one is what one call in a thousand exceeds (p99.9)" if "p999" in known else "") +
        ". A percentile is drawn where at least ten samples lie beyond it. Thick pale bars are the intervals of each "
        "percentile. Where a workload batches, a call is a whole batch.", figure, Shown(tuple(known), tuple(tasks)))


def _order(views: dict, tasks: list) -> list:
    """Best first by the median call; at fixed arrival times by the highest percentile that every engine has."""
    engines = views["p50"].engines(tasks)
    if tasks[0] not in views["p50"].open_loop:
        return engines
    measured = [engine for engine in engines if any(views["p50"].at(task, engine) for task in tasks)]
    shared = [name for name in PERCENTILES
              if all(views[name].at(task, engine) for task in tasks for engine in measured)]
    return views[shared[-1] if shared else "p50"].engines(tasks)


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
