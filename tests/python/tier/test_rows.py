"""Every adapter that can be used here passes the same small check, in a cell as the runner makes them."""

import pytest

from tier.cell import Cell, run_cell
from tier.programs.base import Load, Program, Step
from tier.rows import ROWS

_KEYS = [f"key{index}" for index in range(20)]


class Small(Program):
    """Each process sets keys of its own, reads them back and counts to 50 together with the others."""

    name = "small"

    def items(self, load: Load) -> int:
        return load.processes * len(_KEYS)

    def steps(self, row: type) -> list:
        return [Step("set"), Step("get")]

    def start(self, row, dict_, worker: int, load: Load):
        def do(step: str) -> int:
            for key in _KEYS:
                if step == "set":
                    dict_[f"{worker}{key}"] = f"value of {key}"
                elif not dict_[f"{worker}{key}"]:
                    raise KeyError(key)
            return len(_KEYS)
        return do

    def expected(self, load: Load):
        return lambda: ((f"{worker}{key}", f"value of {key}") for worker in range(load.processes) for key in _KEYS)


@pytest.mark.parametrize("row", [row for row in ROWS if row.stores], ids=lambda row: row.name)
def test_a_row_keeps_what_was_set(row):
    reason = row.missing()
    if reason:
        pytest.skip(reason)
    # Two writers at once are for those that promise to keep what both set.
    processes = 2 if row.shared and row.name not in ("mpdict", "pyshmht", "shared-memory-dict") else 1
    report = run_cell(Cell(Small(), row, processes, 0, 1.0), 20)
    assert report.get("failed") is None
    assert report["verified"] == "ok"
    assert (report["keys"], report["items"]) == (processes * len(_KEYS),) * 2
    assert report["phases"]["get"]["ops"] == processes * len(_KEYS)


def test_rows_have_names_of_their_own():
    assert len({row.name for row in ROWS}) == len(ROWS)
