"""Small multiples: one panel for each task, one row for each engine, the same order in all, figures at the right.

The `null` engine, which shows what the harness itself costs, stands in a row apart below the others.
"""

from typing import Callable, NamedTuple

from plots import style
from plots.pictures import axis
from plots.pictures.canvas import MARGIN, WIDTH, Canvas, text_width, wrap
from plots.pictures.marks import row_guides
from plots.pictures.view import View, display_name, is_harness

ROW = 0.195  # inches
APART = 0.5  # rows between the engines and the harness's own row
HEADING = 0.3
NARROWEST = 1.3  # inches: of a panel's plot
TICK = 0.42  # what a tick's label needs


class Column(NamedTuple):
    """Figures in print at the right of every panel."""

    heading: str
    text: Callable  # (task, engine) -> (text, bold)


class Scale(NamedTuple):
    limits: Callable  # task -> (low, high)
    ticks: Callable  # (low, high, most) -> ticks
    show: Callable  # tick -> text
    log: bool
    label: str
    shared: bool  # one for all panels: ticks are printed under the lowest ones only


def draw_rows(view: View, title: str, notes: str, tasks: list, engines: list, columns: list, scale: Scale,
              mark: Callable, across: int, background: Callable = None):
    """mark(axes, y, task, engine) draws one row and returns whether there was a figure. Returns the figure."""
    across = _even(len(tasks), across)
    engines = [e for e in engines if not is_harness(e)] + [e for e in engines if is_harness(e)]
    positions = _positions(engines)
    height = ROW * (max(positions.values()) + 1)
    names = max(text_width(display_name(engine), style.TEXT_POINTS) for engine in engines) + 0.1
    names = max(names, text_width("engine (spec)", style.SMALL_POINTS) + 0.1)
    prints = [max([text_width(column.text(task, engine)[0], style.SMALL_POINTS, "bold")
                   for task in tasks for engine in engines] +
                  [text_width(column.heading, style.SMALL_POINTS)]) + 0.12 for column in columns]
    gap = 0.22
    panel = (WIDTH - 2 * MARGIN - names - gap * (across - 1)) / across
    # Long names leave little room: the picture goes before the figures between the first and the last.
    while panel - sum(prints) < NARROWEST and len(columns) > 2:
        columns, prints = columns[:-2] + columns[-1:], prints[:-2] + prints[-1:]
    plot = panel - sum(prints)
    headings = view.headings(tasks)
    widest = max(text_width(heading, style.HEADING_POINTS, "bold") for heading in headings.values())
    above = HEADING + (0 if widest < plot + 0.05 else 0.18)
    lines = -(-len(tasks) // across)
    label = wrap(scale.label, style.SMALL_POINTS, panel - 0.05)
    foot = 0.22 + 0.15 * len(label)
    between = 0.18 if scale.shared else foot + 0.05
    canvas = Canvas(title, notes)
    canvas.open(lines * (above + height + between) - between + foot)

    for index, task in enumerate(tasks):
        line, column = divmod(index, across)
        left = MARGIN + names + column * (panel + gap)
        top = line * (above + height + between) + above
        axes = canvas.axes(left, top, plot, height)
        lowest = index + across >= len(tasks)
        _set_axes(axes, scale, scale.limits(task), positions, plot)
        axes.tick_params(axis="y", labelleft=column == 0, pad=5)
        if lowest or not scale.shared:
            axes.set_xlabel("\n".join(label), labelpad=3, loc="left")
        else:
            axes.tick_params(axis="x", labelbottom=False, length=0)
        canvas.text(left, top - 0.1 - (above - HEADING), headings[task], size=style.HEADING_POINTS, weight="bold",
                    va="baseline")
        if column == 0:
            axes.set_ylabel("engine (spec)", rotation=0, ha="right", va="baseline")
            axes.yaxis.set_label_coords(-0.08 / plot, 1 + 0.1 / height)
        if background:
            background(axes, task)
        for engine, y in positions.items():
            if not mark(axes, y, task, engine):
                _say_why_empty(axes, y, view.fault(task, engine), panel)
        _print_columns(canvas, columns, prints, left + plot, top, task, positions)
    return canvas.figure


def _even(count: int, most: int) -> int:
    """Panels across: of `most` or one fewer whatever leaves fewer places empty."""
    if count <= most:
        return max(1, count)
    return min((most, most - 1), key=lambda across: (-count % across, -across)) if most > 2 else most


def _positions(engines: list) -> dict:
    return {engine: row + (APART if is_harness(engine) and row else 0) for row, engine in enumerate(engines)}


def _set_axes(axes, scale: Scale, limits: tuple, positions: dict, width: float) -> None:
    if scale.log:
        axes.set_xscale("log")
    axes.set_xlim(*limits)
    most = max(2, int(width / TICK))
    axis.set_ticks(axes.xaxis, scale.ticks(*limits, most), scale.show, axis.decades(*limits) if scale.log else None)
    axes.set_ylim(max(positions.values()) + 0.5, -0.5)
    axes.set_yticks(list(positions.values()))
    axes.set_yticklabels([display_name(engine) for engine in positions])
    axes.spines["left"].set_visible(not scale.log)
    row_guides(axes, list(positions.values()))


def _say_why_empty(axes, y: float, fault, width: float) -> None:
    word = "no figure"
    if fault and fault.hides_all:
        word = fault.reason if fault.unfinished and text_width(fault.reason, style.SMALL_POINTS) < width else fault.word
    axes.annotate(word, (0, y), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                  va="center", size=style.SMALL_POINTS, color=style.MUTED, style="italic",
                  bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8})


def _print_columns(canvas: Canvas, columns: list, prints: list, left: float, top: float, task,
                   positions: dict) -> None:
    right = left
    for column, width in zip(columns, prints):
        right += width
        if column.heading:
            canvas.text(right, top - 0.1, column.heading, size=style.SMALL_POINTS, color=style.MUTED, ha="right",
                        va="baseline")
        for engine, y in positions.items():
            text, bold = column.text(task, engine)
            if text:
                canvas.text(right, top + ROW * (y + 0.5), text, size=style.SMALL_POINTS, ha="right",
                            va="center_baseline", weight="bold" if bold else "normal",
                            color=style.MUTED if is_harness(engine) else style.INK)
