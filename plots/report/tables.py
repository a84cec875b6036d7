"""The tables that `dictbench table all --format json` writes: read, and made fit for the page."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from plots.report import grid
from plots.report.appendix import Appendix


class TableError(ValueError):
    """A file that holds no tables; the message is one line."""


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    notes: tuple
    columns: tuple  # (name, unit)
    rows: tuple  # of texts
    figures: tuple  # for each text None or {"number", "interval", "sources"}: results/table.h
    valued: bool  # whether figures have their number: not in tables that an older dictbench wrote
    sources: tuple

    @property
    def measured(self) -> bool:
        """Whether one of its figures is from a record; others were published."""
        return not self.valued or any(figure and figure.get("sources") for line in self.figures for figure in line)


def read_tables(file: Path) -> list:
    try:
        found = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise TableError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise TableError(f"{file}: no JSON: write it with 'dictbench table all --format json' ({error})") from None
    if not isinstance(found, list):
        raise TableError(f"{file}: a list of tables is expected: write it with 'dictbench table all --format json'")
    return [_table(f"{file}: table {index}", table) for index, table in enumerate(found, 1)]


def _table(where: str, table) -> Table:
    try:
        columns = tuple((str(column["name"]), str(column.get("unit") or "")) for column in table["columns"])
        rows = tuple(tuple(str(text) for text in row) for row in table["rows"])
        notes = table.get("notes") or ()
        notes = (notes,) if isinstance(notes, str) else tuple(str(note) for note in notes)
        name = str(table["name"])
        title = str(table.get("title") or name)
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{where}: 'name', 'columns' and 'rows' are expected ({error})") from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise TableError(f"{where}: row {number} has {len(row)} texts for {len(columns)} columns")
    sources = tuple(table.get("sources") or ())
    figures = table.get("figures") or [[None] * len(columns) for _ in rows]
    if not _are_figures(figures, rows, sources):
        raise TableError(f"{where}: 'figures' has not one number, interval and list of sources, or null, for each text")
    return Table(name, title, notes, columns, rows, tuple(map(tuple, figures)), "figures" in table, sources)


def _are_figures(figures, rows: tuple, sources: tuple) -> bool:
    def number(value) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

    def figure(found) -> bool:
        return found is None or (isinstance(found, dict) and ("number" not in found or number(found["number"])) and all(
            isinstance(index, int) and 0 <= index < len(sources) for index in found.get("sources", ())))

    return (isinstance(figures, list) and len(figures) == len(rows) and all(isinstance(each, dict) for each in sources)
            and all(isinstance(line, list) and len(line) == len(row) and all(map(figure, line))
                    for line, row in zip(figures, rows)))


def grids(tables: list, appendix: Appendix) -> list:
    """Of tables that stand together: a note that several of them have is left to shared_notes()."""
    shared = set(shared_notes(tables))
    return [_grid(table, [note for note in table.notes if note not in shared], appendix) for table in tables]


def shared_notes(tables: list) -> list:
    counts: dict = {}
    for table in tables:
        for note in dict.fromkeys(table.notes):
            counts[note] = counts.get(note, 0) + 1
    return [note for note, count in counts.items() if count > 1]


def _grid(table: Table, notes: list, appendix: Appendix) -> grid.Grid:
    rows = [[_cell(text, figure, table.sources, appendix) for text, figure in zip(texts, figures)]
            for texts, figures in zip(table.rows, table.figures)]
    return grid.Grid(table.name, table.title, grid.columns(list(table.columns), rows, table.valued), rows, notes)


def _cell(text: str, figure, sources: tuple, appendix: Appendix) -> grid.GridCell:
    if not figure:
        return grid.GridCell(text)
    named = [sources[index] for index in figure.get("sources", ())]
    record = appendix.of_source(named[0]) if named and text != "-" else ""
    return grid.GridCell(text, figure.get("number"), record, _against(named[1]) if len(named) == 2 else "")


def _against(source: dict) -> str:
    return f"against {source.get('engine')}"
