"""A group of workloads at a glance: a row for each, a marker for each engine, the fastest named at the right."""

import itertools
import math

from plots import style
from plots.metrics import METRICS
from plots.pictures import axis
from plots.pictures.canvas import MARGIN, WIDTH, Canvas, Picture, Shown, save_all, text_width
from plots.pictures.marks import dot, point, row_guides
from plots.pictures.view import View, display_name, is_harness

METRIC = METRICS["throughput"]
MARKER = 6.5  # points
LANE = 0.105  # inches between markers that would cover one another
ROW_HEAD = "workload (name)"
ROWS = 12  # of a picture: more are not seen at once


def compose(cells: list) -> list:
    view = View(cells, METRIC)
    return [_picture(view, group, tasks[first : first + ROWS], first // ROWS + 1 if len(tasks) > ROWS else 0)
            for group, tasks in view.groups(view.measured_tasks()) for first in range(0, len(tasks), ROWS)]


def draw(cells: list, out_folder, png: bool = True) -> list:
    with style.sheet():
        return save_all(compose(cells), out_folder, png)


def _picture(view: View, group, tasks: list, part: int) -> Picture:
    """`part`: of a group that takes several pictures, from 1; else 0."""
    title = f"Throughput: {view.group_title(group, tasks)}" + (f", part {part}" if part else "")
    engines = [engine for engine in view.engines(tasks) if any(view.at(task, engine) for task in tasks)]
    shown = [found for task in tasks for engine in engines if (found := view.at(task, engine))]
    limits = axis.log_limits([bound for found in shown for bound in found.interval[:2]], room=0.03)
    winners = {task: view.best(task, engines) for task in tasks}
    labels = view.headings(tasks)
    names = max(text_width(label, style.TEXT_POINTS) for label in (*labels.values(), ROW_HEAD)) + 0.12
    prints = max(text_width(display_name(engine), style.TEXT_POINTS) for engine, _ in winners.values()) + 0.15
    prints = max(prints, text_width("fastest that is shared", style.SMALL_POINTS) + 0.15)
    figures = 0.55
    plot = WIDTH - 2 * MARGIN - names - prints - figures

    lanes = {task: _lanes(view, task, engines, limits, plot) for task in tasks}
    tops, height = _rows(tasks, lanes)
    middles = {task: tops[task] + _row_height(lanes[task]) / 2 for task in tasks}
    canvas = Canvas(title, view.notes(tasks, shown))
    legend, legend_height = _legend_places(engines)
    canvas.open(legend_height + height + 0.5)
    _draw_legend(canvas, view, legend)
    left, top = MARGIN + names, legend_height
    axes = canvas.axes(left, top, plot, height)
    _set_axes(axes, limits, labels, middles, (plot, height))
    canvas.text(WIDTH - MARGIN, top - 0.02, "fastest that is shared (op/s)", size=style.SMALL_POINTS,
                color=style.MUTED, ha="right", va="baseline")
    for task in tasks:
        middle = middles[task]
        _draw_task(axes, view, task, lanes[task], middle)
        engine, found = winners[task]
        if found:
            canvas.text(left + plot + 0.12, top + middle, display_name(engine), va="center_baseline")
            canvas.text(WIDTH - MARGIN, top + middle, METRIC.show(found.median), ha="right", va="center_baseline",
                        weight="bold")
    return Picture(
        f"throughput-overview-{group.name}" + (f"-{part}" if part else ""), title,
        "Further right is faster; each grid line is ten times the one before it. Every engine keeps its mark and "
        "colour in all pictures. The grey strokes are the null engine, which does nothing: the harness's own limit. "
        "The engine named at the right has the highest median among those that processes can share; where bars "
        "overlap, the next run may name another.", canvas.figure, Shown((METRIC.name,), tuple(tasks)))


def _lanes(view: View, task, engines: list, limits: tuple, width: float) -> dict:
    """Engine -> lane (0, 1, 2, ...): markers that would cover one another stand above one another."""
    low, high = math.log10(limits[0]), math.log10(limits[1])
    taken: dict = {}
    found = {}
    for engine in engines:
        result = view.at(task, engine)
        if not result or is_harness(engine):
            continue
        x = (math.log10(result.median) - low) / (high - low) * width
        lane = next(lane for lane in itertools.count()
                    if all(abs(x - other) >= LANE * 1.05 for other in taken.get(lane, [])))
        taken.setdefault(lane, []).append(x)
        found[engine] = lane
    return found


def _row_height(lanes: dict) -> float:
    return max(0.22, LANE * _lane_count(lanes) + 0.1)


def _lane_count(lanes: dict) -> int:
    return 1 + max(lanes.values(), default=0)


def _rows(tasks: list, lanes: dict) -> tuple:
    """Each task's upper edge in inches, and the height of all."""
    tops, height = {}, 0.1
    for task in tasks:
        tops[task] = height
        height += _row_height(lanes[task])
    return tops, height + 0.06


def _legend_places(engines: list) -> tuple:
    places, x, y = [], MARGIN, 0.1
    for engine in engines:
        width = 0.2 + text_width(display_name(engine), style.TEXT_POINTS) + 0.22
        if x > MARGIN and x + width > WIDTH - MARGIN + 0.22:
            x, y = MARGIN, y + 0.2
        places.append((engine, x, y))
        x += width
    return places, y + 0.34


def _draw_legend(canvas: Canvas, view: View, places: list) -> None:
    for engine, x, y in places:
        if is_harness(engine):
            options = {"linestyle": "none", "marker": "|", "markersize": 10, "markeredgewidth": 1.6,
                       "color": style.MUTED}
        else:
            options = view.looks[engine].marker_options(MARKER)
        canvas.marker(x + 0.07, y, options)
        canvas.text(x + 0.19, y, display_name(engine), va="center_baseline")


def _set_axes(axes, limits: tuple, labels: dict, middles: dict, inches: tuple) -> None:
    width, height = inches
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axis.set_ticks(axes.xaxis, axis.log_ticks(*limits, most=int(width / 0.5)), METRIC.show)
    axes.set_xlabel(METRIC.axis_label, labelpad=3)
    axes.set_ylim(height, 0)
    axes.spines["left"].set_visible(False)
    axes.set_yticks(list(middles.values()))
    axes.set_yticklabels([labels[task] for task in middles])
    axes.tick_params(axis="y", pad=8)
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.set_ylabel(ROW_HEAD, rotation=0, ha="right", va="baseline")
    axes.yaxis.set_label_coords(-0.11 / width, 1 + 0.02 / height)
    row_guides(axes, list(middles.values()))


def _draw_task(axes, view: View, task, lanes: dict, middle: float) -> None:
    for engine, lane in lanes.items():
        look, found = view.looks[engine], view.at(task, engine)
        dot(axes, middle + ((_lane_count(lanes) - 1) / 2 - lane) * LANE, found, look, points=MARKER)
    for place, found in view.summaries.items():
        if place.task == task and place.processes == view.busiest[task] and is_harness(place.engine):
            point(axes, found.median, middle, "|", 12, style.MUTED, 1.6, 2.5)
