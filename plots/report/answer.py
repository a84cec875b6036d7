"""What stands first: the best engine by need, and the best one of every workload. Who may be ranked, and what is told
apart from what, is decided where the tables are made (results/tables/): the report only words it."""

from typing import NamedTuple, Optional

from plots.report import grid

NEEDS = "needs"  # the best engine by need
FASTEST = "fastest"  # the best engine of each workload, and whether the rounds tell it apart
OVERVIEW = "overview"  # a row an engine
STANDINGS = "standings"  # which engines are ranked
_EMPTY = ("", "-")


class Need(NamedTuple):
    need: str
    engine: grid.GridCell
    facts: list  # (column's name, cell), without those that say nothing
    command: str


class Fastest(NamedTuple):
    wins: list  # (engine, on how many workloads it is told apart as the best), the most first
    open: int  # workloads on which none is
    table: grid.Grid


def needs(table: grid.Grid) -> list:
    """Of the table `needs`: its columns are told apart by name; `need` and `engine` there must be. A need for which no
    engine was found is left out."""
    names = _names(table)
    if "need" not in names or "engine" not in names:
        return []
    found = []
    for row in table.rows:
        cells = dict(zip(names, row))
        if cells["engine"].text in _EMPTY:
            continue
        facts = [(column.name + (f" ({column.unit})" if column.unit else ""), cell)
                 for column, cell in zip(table.columns, row)
                 if column.name.lower() not in ("need", "engine", "command") and cell.text not in _EMPTY]
        command = cells["command"].text if "command" in cells else ""
        found.append(Need(cells["need"].text, cells["engine"], facts, command))
    return found


def fastest(table: grid.Grid) -> Optional[Fastest]:
    """Of the table `fastest`; None where it has no row, or is another table than this page knows."""
    names = _names(table)
    if not table.rows or "best" not in names or "told apart" not in names:
        return None
    best, apart = names.index("best"), names.index("told apart")
    winners = [row[best].text for row in table.rows if row[apart].text == "yes"]
    wins = sorted(((name, winners.count(name)) for name in set(winners)), key=lambda win: (-win[1], win[0]))
    return Fastest(wins, len(table.rows) - len(winners), table)


def ranked(tables: list) -> set:
    """The engines that are ranked, by the table `standings` of `tables`; none where that is not among them."""
    return {row[0] for table in tables if table.name == STANDINGS for row in table.rows if row[1] == "yes"}


def _names(table: grid.Grid) -> list:
    return [column.name.lower() for column in table.columns]
