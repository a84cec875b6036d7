"""A table as the page shows it: cells with the number that they sort by and the record that they came from."""

import re
from typing import NamedTuple, Optional

# A figure, with sign, thousands, unit or ratio: such columns stand right-aligned.
_FIGURE = re.compile(r"^[<>~≈±x×]?\s*[-+−]?[\d][\d.,\s]*(e[-+]?\d+)?\s*([kMGµnm]?i?(B|s|op/s)?|%|x|×)?(\s.*)?$")
_EMPTY = ("", "-", "–", "—")
_ROLES = {"engine": "engine", "system": "engine", "procs": "processes", "processes": "processes"}


class GridCell(NamedTuple):
    text: str
    value: Optional[float] = None  # None: it has no figure, and sorts after those that have
    record: str = ""  # id in the appendix
    hint: str = ""  # what the figure is held against

    @property
    def figure(self) -> str:
        """Without its interval: '7.63 M' of '7.63 M [4.79, 7.91]'."""
        return self.text.partition(" [")[0]

    @property
    def interval(self) -> str:
        _, bracket, rest = self.text.partition(" [")
        return bracket.strip() + rest

    @property
    def sort_value(self) -> str:
        """Shortest: a page has ten thousand of them."""
        return "" if self.value is None else f"{self.value:.7g}"


class GridColumn(NamedTuple):
    name: str
    unit: str = ""
    figures: bool = False

    @property
    def role(self) -> str:
        """What its texts name, for the chips: "engine", "processes" or ""."""
        return _ROLES.get(self.name.lower(), "")


class Grid(NamedTuple):
    ident: str
    title: str
    columns: list
    rows: list
    notes: list = []

    @property
    def count(self) -> str:
        return f"{len(self.rows)} row{'' if len(self.rows) == 1 else 's'}"


def columns(heads: list, rows: list) -> list:
    """`heads`: (name, unit). A column of figures is one in which most texts that say something are some."""
    return [GridColumn(name, unit, _is_figures([row[index] for row in rows]))
            for index, (name, unit) in enumerate(heads)]


def _is_figures(cells: list) -> bool:
    told = [cell for cell in cells if cell.text not in _EMPTY]
    figures = sum(cell.value is not None or bool(_FIGURE.match(cell.text)) for cell in told)
    return bool(told) and figures * 2 > len(told)
