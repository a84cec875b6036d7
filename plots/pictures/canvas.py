"""A picture's paper: title, notes, axes placed by inches from the upper left, and saving as SVG and PNG.

Everything is placed by measured text, never by a layout engine, so that a picture is the same on every machine.
Figures are made without pyplot: there is no global state, and threads do not meet.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D

from plots import style

WIDTH = 8.5  # inches: 850 pixels at the usual 100 per inch, a README's width
MARGIN = 0.16
PNG_DOTS_PER_INCH = 200  # sharp on dense screens at WIDTH


class Shown(NamedTuple):
    """Of which figures a picture is made, for those who read them as a table."""

    metrics: tuple  # names in METRICS
    tasks: tuple
    every_count: bool = False  # at every number of processes, not only at each task's largest


@dataclass
class Picture:
    name: str  # of the files, without suffix
    title: str
    caption: str  # what to read from it: stands under the picture in the report
    figure: Figure
    shown: Shown


@functools.lru_cache(maxsize=1)
def _renderer():
    return FigureCanvasAgg(Figure(dpi=100)).get_renderer()


@functools.lru_cache(maxsize=4096)
def text_width(text: str, points: float, weight: str = "normal") -> float:
    """Inches."""
    font = FontProperties(family="DejaVu Sans", size=points, weight=weight)
    return _renderer().get_text_width_height_descent(text, font, ismath=False)[0] / 100


def wrap(text: str, points: float, width: float) -> list:
    """Lines of at most `width` inches, broken at spaces."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, points) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return lines + [line]


class Canvas:
    """First what stands on top, then open() with the height of the rest; then axes() and text() below it."""

    def __init__(self, title: str, notes: str):
        self._title = title
        self._notes = wrap(notes, style.TEXT_POINTS, WIDTH - 2 * MARGIN)
        self._top = MARGIN + 0.27 + 0.165 * len(self._notes) + 0.1
        self.figure = None

    def open(self, height: float) -> None:
        total = self._top + height + MARGIN
        self.figure = Figure(figsize=(WIDTH, total), dpi=100)
        FigureCanvasAgg(self.figure)
        self._total = total
        self.text(MARGIN, MARGIN - self._top, self._title, size=style.TITLE_POINTS, weight="bold", va="top")
        for index, line in enumerate(self._notes):
            self.text(MARGIN, MARGIN + 0.27 + 0.165 * index - self._top, line, color=style.MUTED, va="top")

    def axes(self, left: float, top: float, width: float, height: float):
        """`top` counts from below the notes."""
        bottom = self._total - self._top - top - height
        return self.figure.add_axes([left / WIDTH, bottom / self._total, width / WIDTH, height / self._total])

    def text(self, left: float, top: float, text: str, **options):
        return self.figure.text(left / WIDTH, 1 - (self._top + top) / self._total, text, **options)

    def marker(self, left: float, top: float, options: dict) -> None:
        self.figure.add_artist(Line2D([left / WIDTH], [1 - (self._top + top) / self._total], **options))


class Drawn(NamedTuple):
    name: str
    title: str
    caption: str
    svg_file: Path
    shown: Shown


def save(picture: Picture, folder: Path, png: bool) -> Drawn:
    """Writes NAME.svg and, if asked to, NAME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    svg_file = folder / f"{picture.name}.svg"
    # No date, and no version of matplotlib: the same records give the same bytes.
    picture.figure.savefig(svg_file, metadata={"Date": None, "Creator": "dictbench", "Title": picture.title})
    if png:
        picture.figure.savefig(svg_file.with_suffix(".png"), dpi=PNG_DOTS_PER_INCH,
                               metadata={"Software": "dictbench"})
    return Drawn(picture.name, picture.title, picture.caption, svg_file, picture.shown)


def save_all(pictures: list, folder: Path, png: bool) -> list:
    return [save(picture, Path(folder), png) for picture in pictures]
