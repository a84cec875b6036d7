"""Context switches per operation: the engine's mark for voluntary ones, a stroke for involuntary ones."""

import math

from plots.metrics import METRICS, format_rate
from plots.pictures import axis
from plots.pictures.canvas import Picture, Shown, save_all
from plots.pictures.marks import line, point
from plots.pictures.rows import Column, Scale, draw_rows
from plots.pictures.view import View, is_harness
from plots.style import MUTED, PAPER, sheet

VOLUNTARY, INVOLUNTARY = METRICS["voluntary_switches"], METRICS["involuntary_switches"]


def compose(cells: list) -> list:
    waits, preemptions = View(cells, VOLUNTARY), View(cells, INVOLUNTARY)
    return [_picture(waits, preemptions, group, tasks) for group, tasks in waits.groups(waits.measured_tasks())]


def draw(cells: list, out_folder, png: bool = True) -> list:
    with sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(waits: View, preemptions: View, group, tasks: list) -> Picture:
    engines = waits.engines(tasks)
    shown = [found for view in (waits, preemptions) for task in tasks for engine in engines
             if (found := view.at(task, engine))]
    # A logarithm has no 0: none at all stands one decade below the rarest, where the axis says 0.
    positive = [bound for found in shown for bound in (found.median, *found.interval[:2]) if bound > 0] or [1.0]
    zero = 10.0 ** (math.floor(math.log10(min(positive))) - 1)
    limits = zero / 2, max(max(positive) * 1.8, zero * 100)

    def column(view, heading):
        def text(task, engine):
            found = view.at(task, engine)
            return (format_rate(found.median) if found else "", False)

        return Column(heading, text)

    def marks(axes, y, task, engine):
        wait, preemption = waits.at(task, engine), preemptions.at(task, engine)
        if not wait:
            return False
        look, harness = waits.looks[engine], is_harness(engine)
        colour = MUTED if harness else look.colour
        for found in (wait, preemption):
            if found and found.interval.high > found.interval.low:
                line(axes, [max(bound, zero) for bound in found.interval[:2]], [y, y], color=colour, linewidth=2.6,
                     alpha=0.5, zorder=2)
        if preemption:
            point(axes, max(preemption.median, zero), y, "|", 8, colour, 1.6, 3)
        if harness:
            point(axes, max(wait.median, zero), y, "o", 5.5, colour, 1.3, 4, face=PAPER)
        else:
            line(axes, [max(wait.median, zero)], [y], zorder=4, **look.marker_options(6.5))
        return True

    title = f"Context switches per operation: {waits.group_title(group, tasks)}"
    figure = draw_rows(
        waits, title, waits.notes(tasks, shown) + "  ·  mark: voluntary (waits), stroke: involuntary (preempted)",
        tasks, engines, [column(waits, "vol."), column(preemptions, "invol.")],
        Scale(lambda task: limits, axis.log_ticks, lambda tick: "0" if tick <= zero * 1.01 else format_rate(tick), True,
              "Context switches (switches/operation, log scale)", True), marks, across=2)
    return Picture(
        f"switches-{group.name}", title,
        "Further left is better. The mark counts how often somebody had to wait (for a lock, a reply, a disk), the "
        "stroke how often the kernel took the CPU away; workers and servers are added up. 1 means one switch for every "
        "operation.", figure, Shown((VOLUNTARY.name, INVOLUNTARY.name), tuple(tasks)))
