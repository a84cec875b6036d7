"""Tables as the page shows them."""

from plots.report.grid import GridCell, columns


def kinds(*texts):
    """Of a table with one column of these cells or texts."""
    cells = [each if isinstance(each, GridCell) else GridCell(each) for each in texts]
    (found,) = columns([("x", "")], [[cell] for cell in cells], valued=any(cell.value is not None for cell in cells))
    return found.kind


def test_columns_of_figures_stand_right_and_texts_by_their_length():
    assert kinds(GridCell("1.10 M", 1.1e6), "-", "unavailable: no server") == "n"
    assert kinds("32,100", "240,000") == "n"  # of an older dictbench, without numbers
    assert kinds("redis", "redis?pipeline=16") == "w"
    assert kinds("short", "a text of more than twenty-six letters") == "m"
    assert kinds("a text that is so long that it needs a column of some width to be read") == "l"


def test_a_text_without_numbers_is_no_figure_where_figures_have_theirs():
    (left, right) = columns([("a", ""), ("b", "")], [[GridCell("50 stops of 400 ms"), GridCell("1.00", 1.0)]])
    assert (left.kind, right.kind) == ("w", "n")


def test_a_cell_parts_its_figure_from_its_interval_and_tells_a_number_once():
    cell = GridCell("7.63 M [4.79, 7.91]", 7.63e6)
    assert (cell.figure, cell.interval, cell.sort_value) == ("7.63 M", "[4.79, 7.91]", "7630000")
    assert GridCell("1,204", 1204).sort_value == ""  # the page's script reads it
    assert GridCell("1,204", 1203.6).sort_value == "1203.6"
    assert GridCell("~0.75", 0.75).sort_value == "0.75"


def test_names_of_columns_tell_what_chips_choose():
    found = columns([("engine", ""), ("procs", ""), ("remark", "")], [])
    assert [column.role for column in found] == ["engine", "processes", ""]
