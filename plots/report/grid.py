"""A table as the page shows it: cells with the number that they sort by and the record that they came from."""

import re
from typing import NamedTuple, Optional

# A figure, with sign, thousands, unit or ratio: such columns stand right-aligned.
_FIGURE = re.compile(r"^[<>~≈±x×]?\s*[-+−]?[\d][\d.,\s]*(e[-+]?\d+)?\s*([kMGµnm]?i?(B|s|op/s)?|%|x|×)?(\s.*)?$")
_PLAIN = re.compile(r"-?\d[\d,]*(\.\d+)?$")  # the page's script reads such texts
_EMPTY = ("", "-", "–", "—")
_ROLES = {"engine": "engine", "system": "engine", "procs": "processes", "processes": "processes"}


class GridCell(NamedTuple):
    text: str
    value: Optional[float] = None  # None: it has no figure, and sorts after those that have
    record: str = ""  # id in the appendix
    hint: str = ""  # what the figure is held against
    bar: Optional[int] = None  # its length in percent of the longest

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
        """What the text does not say itself, shortest: a page has ten thousand of them."""
        if self.value is None or (_PLAIN.match(self.text) and float(self.text.replace(",", "")) == self.value):
            return ""
        return f"{self.value:.7g}"


class GridColumn(NamedTuple):
    name: str
    unit: str = ""
    figures: bool = False
    longest: int = 0  # of its texts, in characters

    @property
    def role(self) -> str:
        """What its texts name, for the chips: "engine", "processes" or ""."""
        return _ROLES.get(self.name.lower(), "")

    @property
    def kind(self) -> str:
        """The class of its cells: n (figures), w (short texts, never broken), m and l (longer ones, wide enough to read)."""
        if self.figures:
            return "n"
        return "w" if self.longest <= 26 else "l" if self.longest > 50 else "m"


class Grid(NamedTuple):
    ident: str
    title: str
    columns: list
    rows: list
    notes: tuple = ()

    @property
    def count(self) -> str:
        return f"{len(self.rows)} row{'' if len(self.rows) == 1 else 's'}"


def columns(heads: list, rows: list, valued: bool = True) -> list:
    """`heads`: (name, unit). A column of figures is one in which at least half of the texts that say something are some.
    `valued`: the cells of figures have their number; otherwise their texts are looked at."""
    found = []
    for index, (name, unit) in enumerate(heads):
        cells = [row[index] for row in rows if row[index].text not in _EMPTY]
        figures = sum(cell.value is not None if valued else bool(_FIGURE.match(cell.text)) for cell in cells)
        longest = max((len(cell.text) for cell in cells), default=0)
        found.append(GridColumn(name, unit, 0 < figures and figures * 2 >= len(cells), longest))
    return found
