"""What stands first in the report."""

import synthetic

from plots.records import read_records
from plots.report import answer, grid
from plots.report.appendix import Appendix
from plots.report.figure_data import FigureData


def fastest(tmp_path, lines):
    file = tmp_path / "records.jsonl"
    file.write_text(synthetic.as_text([synthetic.run_line(), *lines]))
    records = read_records([file])
    return answer.fastest(records.cells, FigureData(records.cells, Appendix(records)))


def cells(engine, speeds, **changes):
    return [synthetic.cell_line(engine, processes=2, repetition=index, speed=speed, **changes)
            for index, speed in enumerate(speeds)]


def texts(found):
    return [[cell.text for cell in row] for row in found.table.rows]


def test_the_fastest_that_is_shared_and_right_is_named_with_the_next(tmp_path):
    found = fastest(tmp_path, [
        *cells("null", [9e8, 9e8]), *cells("local", [9e6, 9e6]), *cells("memcached", [7e6, 7e6], verified="failed: lost"),
        *cells("lmdb", [1.9e6, 2e6, 2.1e6]), *cells("redis", [0.9e6, 1e6, 1.1e6])])
    assert texts(found) == [["get-uniform", "lmdb", "2.00 M [1.90, 2.10]", "redis", "2.00 x", "yes", "2"]]
    assert (found.leader, found.count, found.rest) == ("lmdb", 1, "")
    assert (found.apart, found.overlap) == (1, 0)
    assert found.table.rows[0][2].record


def test_what_overlaps_is_not_told_apart(tmp_path):
    overlap = fastest(tmp_path, [*cells("lmdb", [1e6, 3e6]), *cells("redis", [0.9e6, 1.1e6])])
    assert texts(overlap)[0][5] == "no: they overlap" and (overlap.apart, overlap.overlap) == (0, 1)
    once = fastest(tmp_path, [*cells("lmdb", [3e6]), *cells("redis", [1e6])])
    assert texts(once)[0][5] == "no: one repetition"


def test_one_engine_alone_has_no_next(tmp_path):
    assert texts(fastest(tmp_path, cells("lmdb", [1e6, 2e6])))[0][3:] == ["-", "-", "-", "2"]


def test_series_over_sizes_are_left_to_their_pictures(tmp_path):
    found = fastest(tmp_path, [*cells("lmdb", [1e6]), *cells("lmdb", [1e6], workload="values", phase="get-1k")])
    assert [row[0] for row in texts(found)] == ["get-uniform"]


def test_a_given_rate_is_no_throughput(tmp_path):
    found = fastest(tmp_path, [*cells("lmdb", [1e6]), *cells("lmdb", [5e4], workload="open-loop", work={"arrival_rate": 5e4})])
    assert [row[0] for row in texts(found)] == ["get-uniform"]


def test_needs_are_read_by_the_names_of_their_columns():
    def table(*names):
        return grid.Grid("needs", "", [grid.GridColumn(name) for name in names],
                         [[grid.GridCell(f"{name}!") for name in names]])

    (need,) = answer.needs(table("figure", "Need", "engine", "command"))
    assert (need.need, need.engine.text, need.command) == ("Need!", "engine!", "command!")
    assert [name for name, _ in need.facts] == ["figure"]
    assert answer.needs(table("need", "figure")) == []  # another table than this page knows
