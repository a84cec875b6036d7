"""Throughput over the number of processes, one panel for each workload, lines named at their ends.

Three panels stand beside each other, two where long names leave no room, in three rows at most: a picture fits on one
screen, and a group with more panels takes several pictures.
"""

import math

from plots import style
from plots.metrics import METRICS
from plots.pictures import axis
from plots.pictures.canvas import MARGIN, WIDTH, Canvas, Picture, Shown, save_all, text_width
from plots.pictures.marks import line
from plots.pictures.view import View, display_name, is_harness

METRIC = METRICS["throughput"]
AXIS_LEFT, LABEL_GAP, BESIDE, LINE = 0.52, 0.3, 0.12, 0.145  # inches
NAME_POINTS = 8
HEADING, BETWEEN, FOOT = 0.44, 0.2, 0.47
LOWEST, NARROWEST = 1.6, 0.95  # inches: of a panel's plot
ACROSS, ROWS = 3, 3


def compose(cells: list) -> list:
    view = View(cells, METRIC)
    counts = {}
    for place in view.summaries:
        counts.setdefault(place.task, set()).add(place.processes)
    scaled = {task for task, found in counts.items() if len(found) > 1} - set(view.open_loop)
    found = []
    for group, tasks in view.groups(scaled):
        lines = {task: lines for task in tasks if (lines := _lines(view, task))}
        tasks = list(lines)
        names = max((text_width(display_name(engine), NAME_POINTS) for engines in lines.values() for engine in engines),
                    default=0) + LABEL_GAP
        across = _across(len(tasks), names)
        for first in range(0, len(tasks), across * ROWS):
            part = first // (across * ROWS) + 1 if len(tasks) > across * ROWS else 0
            some = tasks[first : first + across * ROWS]
            found.append(_picture(view, group, {task: lines[task] for task in some}, counts, (across, names), part))
    return found


def draw(cells: list, out_folder, png: bool = True) -> list:
    with style.sheet():
        return save_all(compose(cells), out_folder, png)


def _across(count: int, names: float) -> int:
    """Panels beside each other. `names`: inches that the names at the lines' ends take in each."""
    across = 2 if count == 4 else min(ACROSS, max(1, count))
    while across > 1 and _plot_width(across, names) < NARROWEST:
        across -= 1
    return across


def _plot_width(across: int, names: float) -> float:
    return min((WIDTH - 2 * MARGIN - AXIS_LEFT - BESIDE * (across - 1)) / across - names, 4.5)


def _picture(view: View, group, lines: dict, counts: dict, grid: tuple, part: int) -> Picture:
    """`grid`: panels beside each other, and the width of names. `part`: of a group that takes several pictures, from 1;
    else 0."""
    tasks = list(lines)
    across, names = grid
    shown = [found for engines in lines.values() for points in engines.values() for found in points.values()]
    limits = axis.log_limits([bound for found in shown for bound in found.interval[:2]])
    all_counts = sorted(set().union(*(counts[task] for task in tasks)))
    engines = {engine for found in lines.values() for engine in found}
    plot = _plot_width(across, names)
    headings = view.headings(tasks)
    height = max(LOWEST, LINE * 1.05 * len(engines) + 0.2)
    rows = -(-len(tasks) // across)
    title = f"Scaling: {view.group_title(group, tasks)}" + (f", part {part}" if part else "")
    canvas = Canvas(title, _notes(view, tasks, all_counts, shown))
    canvas.open(rows * (HEADING + height + BETWEEN) - BETWEEN + FOOT - 0.08)
    for index, task in enumerate(tasks):
        row, column = divmod(index, across)
        left = MARGIN + AXIS_LEFT + column * (plot + names + BESIDE)
        top = row * (HEADING + height + BETWEEN) + HEADING
        axes = canvas.axes(left, top, plot, height)
        canvas.text(left, top - 0.24, headings[task], size=style.HEADING_POINTS, weight="bold", va="baseline")
        _name_harness(canvas, view, task, left, top)
        _set_axes(axes, all_counts, limits, height, first=column == 0, lowest=index + across >= len(tasks))
        _ideal(axes, all_counts, limits, view.cpus)
        _draw_lines(axes, view, lines[task])
        _name_ends(axes, lines[task], view, limits, height, plot)
    return Picture(
        f"scaling-{group.name}" + (f"-{part}" if part else ""), title,
        "The dotted lines rise as ideal scaling does: twice the processes, twice the throughput. An engine whose line "
        "runs along them scales; a level line gains nothing from more processes; a falling one loses by them. "
        "Upright bars are intervals. Where the ground is shaded there are more processes than CPUs.", canvas.figure,
        Shown((METRIC.name,), tuple(tasks), every_count=True))


def _lines(view: View, task) -> dict:
    """Engine -> {processes: Summary}, without the harness's own."""
    found: dict = {}
    for place, result in sorted(view.summaries.items(), key=lambda item: (item[0].engine, item[0].processes)):
        if place.task == task and not is_harness(place.engine):
            found.setdefault(place.engine, {})[place.processes] = result
    return found


def _notes(view: View, tasks: list, all_counts: list, shown: list) -> str:
    processes = f"{', '.join(map(str, all_counts[:-1]))} and {all_counts[-1]} processes"
    rest = view.notes(tasks, shown).split("  ·  ")[1:]
    if view.cpus and all_counts[0] <= view.cpus < all_counts[-1]:
        rest.append("shaded: more processes than CPUs")
    return "  ·  ".join([processes, *rest, "dotted: ideal scaling"])


def _set_axes(axes, all_counts: list, limits: tuple, height: float, first: bool, lowest: bool) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    span = math.log(all_counts[-1] / all_counts[0])
    axes.set_xlim(all_counts[0] / math.exp(0.06 * span), all_counts[-1] * math.exp(0.06 * span))
    axes.set_ylim(*limits)
    axis.set_ticks(axes.xaxis, all_counts, lambda tick: f"{tick:g}")
    axes.xaxis.grid(False)
    axis.set_ticks(axes.yaxis, axis.log_ticks(*limits, most=max(2, int(height / 0.3))), METRIC.show)
    axes.tick_params(axis="y", labelsize=style.SMALL_POINTS, labelcolor=style.MUTED, pad=2)
    axes.tick_params(axis="x", labelbottom=lowest)
    if lowest:
        axes.set_xlabel("Processes (count, log scale)", labelpad=2, loc="left")
    if first:
        axes.set_ylabel(METRIC.axis_label, labelpad=2)
    axes.tick_params(axis="y", labelleft=first)


def _ideal(axes, all_counts: list, limits: tuple, cpus) -> None:
    """Parallel guides of slope 1, one a decade; and where the CPUs end."""
    low, high = axes.get_xlim()
    decades = range(math.floor(math.log10(limits[0])) - 2, math.ceil(math.log10(limits[1])) + 1)
    for decade in decades:
        start = 3 * 10.0**decade  # between the grid lines
        line(axes, [low, high], [start * low, start * high], color=style.MUTED, linewidth=0.7, alpha=0.55,
             linestyle=(0, (1, 2.4)), zorder=0.6)
    if cpus and all_counts[0] <= cpus < all_counts[-1]:
        axes.axvspan(cpus, high, facecolor=style.GRID, alpha=0.45, zorder=0.2, linewidth=0)


def _name_harness(canvas: Canvas, view: View, task, left: float, top: float) -> None:
    """The null engine is far above the others: as a line it would press them together, so it stands as a figure."""
    for place, found in view.summaries.items():
        if place.task == task and place.processes == view.busiest[task] and is_harness(place.engine):
            canvas.text(left, top - 0.1, f"harness alone: {METRIC.show(found.median)} at {place.processes}",
                        size=style.SMALL_POINTS, color=style.MUTED, va="baseline")


def _draw_lines(axes, view: View, lines: dict) -> None:
    for engine, points in lines.items():
        look = view.looks[engine]
        for count, found in points.items():
            line(axes, [count, count], found.interval[:2], color=look.colour, linewidth=4.5, alpha=0.3, zorder=2)
        medians = [found.median for found in points.values()]
        line(axes, list(points), medians, color=look.colour, linewidth=1.5, linestyle=look.line, zorder=2.5)
        line(axes, list(points), medians, zorder=3, **look.marker_options(6))


def _name_ends(axes, lines: dict, view: View, limits: tuple, height: float, width: float) -> None:
    """Names at the lines' right ends, moved apart where they would touch, with a thin leader to the end."""
    low, high = math.log10(limits[0]), math.log10(limits[1])
    engines = list(lines)
    ends = [list(lines[engine].items())[-1] for engine in engines]
    wanted = [(math.log10(found.median) - low) / (high - low) * height for _, found in ends]
    placed = axis.spread(wanted, LINE, 0.02, height - 0.02)
    x_low, x_high = (math.log10(bound) for bound in axes.get_xlim())
    for engine, (count, _), y_end, y in zip(engines, ends, wanted, placed):
        x_end = (math.log10(count) - x_low) / (x_high - x_low) * width
        axes.plot([(x_end + 0.07) / width, 1 + 0.08 / width, 1 + (LABEL_GAP - 0.06) / width],
                  [y_end / height, y_end / height, y / height], transform=axes.transAxes, clip_on=False,
                  color=view.looks[engine].colour, linewidth=0.7, alpha=0.8, zorder=1.5, scalex=False, scaley=False)
        axes.text(1 + (LABEL_GAP - 0.03) / width, y / height, display_name(engine), transform=axes.transAxes,
                  va="center_baseline", size=NAME_POINTS)
