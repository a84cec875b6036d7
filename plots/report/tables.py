"""The tables that `dictbench table all --format json` writes, as HTML."""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

# A figure, with sign, thousands, unit or ratio: such columns stand right-aligned.
_FIGURE = re.compile(r"^[<>~≈±x×]?\s*[-+−]?[\d][\d.,\s]*(e[-+]?\d+)?\s*([kMGµnm]?i?(B|s|op/s)?|%|x|×)?(\s.*)?$")
_EMPTY = ("", "-", "–", "—")


class TableError(ValueError):
    """A file that holds no tables; the message is one line."""


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    notes: tuple
    columns: tuple  # (name, unit)
    rows: tuple  # of texts


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
        found = Table(name, str(table.get("title") or name), notes, columns, rows)
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{where}: 'name', 'columns' and 'rows' are expected ({error})") from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise TableError(f"{where}: row {number} has {len(row)} texts for {len(columns)} columns")
    return found


def html(table: Table) -> str:
    right = [_is_figures([row[index] for row in table.rows]) for index in range(len(table.columns))]
    head = "".join(
        f'<th scope="col"{_class(right[index])}>{escape(name)}'
        + (f' <span class="unit">{escape(unit)}</span>' if unit else "") + "</th>"
        for index, (name, unit) in enumerate(table.columns))
    body = "\n".join(
        "<tr>" + "".join(f"<td{_class(right[index])}>{escape(text)}</td>" for index, text in enumerate(row)) + "</tr>"
        for row in table.rows)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    return (f'<section class="table" id="table-{escape(table.name)}"><h3>{escape(table.title)}</h3>\n'
            f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n'
            f"</tbody></table></div>{notes}</section>")


def _is_figures(texts: list) -> bool:
    told = [text for text in texts if text not in _EMPTY]
    return bool(told) and sum(bool(_FIGURE.match(text)) for text in told) * 2 > len(told)


def _class(right: bool) -> str:
    return ' class="figure"' if right else ""
