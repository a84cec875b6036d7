"""What stands first in the report."""

import pytest

from plots.report import answer, grid
from plots.report.tables import Table


def made(name, heads, rows):
    return grid.Grid(name, "", [grid.GridColumn(head) for head in heads], [[grid.GridCell(text) for text in row] for row in rows])


def fastest(*rows):
    return answer.fastest(made("fastest", ["workload", "best", "told apart"], rows))


def test_a_win_counts_only_where_it_is_told_apart():
    found = fastest(["a", "lmdb", "yes"], ["b", "redis", "no: lmdb"], ["c", "lockfree", "yes"], ["d", "lockfree", "yes"])
    assert found.wins == [("lockfree", 2), ("lmdb", 1)] and found.open == 1


def test_no_rows_and_another_table_say_nothing():
    assert fastest() is None
    assert answer.fastest(made("fastest", ["workload", "winner"], [["a", "lmdb"]])) is None


@pytest.mark.parametrize("rows, found", [((("lmdb", "yes"), ("slow?ns=1", "no: another engine in disguise")), {"lmdb"}), ((), set())])
def test_who_is_ranked_is_read_and_not_decided(rows, found):
    columns = (("engine", ""), ("ranked", ""))
    table = Table("standings", "", (), columns, rows, tuple((None, None) for _ in rows), True, ())
    assert answer.ranked([table]) == found
    assert answer.ranked([]) == set()


def test_needs_are_read_by_the_names_of_their_columns():
    heads = ("figure", "Need", "engine", "command")
    (need,) = answer.needs(made("needs", heads, [[f"{head}!" for head in heads]]))
    assert (need.need, need.engine.text, need.command) == ("Need!", "engine!", "command!")
    assert [name for name, _ in need.facts] == ["figure"]
    assert answer.needs(made("needs", ("need", "figure"), [["a", "b"]])) == []  # another table than this page knows
    assert answer.needs(made("needs", heads, [["nothing fits", "a", "-", "c"]])) == []  # no card without an engine
