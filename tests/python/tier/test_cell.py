"""What a cell makes of rows that lose items, hang, crash or raise; and that nothing of them stays."""

import os
import pathlib
import signal
import time

import pytest

from leftovers import left_over
from tier import cell as cells
from tier.cell import Cell, run_cell
from tier.programs.base import Load, Program, Step
from tier.programs.mpdict import AS_PUBLISHED, ThreeWriters
from tier.report import cell_records
from tier.rows.plain_dict import PlainDict


class OneStep(Program):
    """Sets ten items in one step."""

    name = "one-step"
    processes = (1,)

    def items(self, load: Load) -> int:
        return 10

    def steps(self, row: type) -> list:
        return [Step("set")]

    def start(self, row, dict_, worker: int, load: Load):
        def do(_: str) -> int:
            for key in range(10):
                dict_[key] = key
            return 10
        return do

    def expected(self, load: Load):
        return lambda: ((key, key) for key in range(10))


def row_with(set_item) -> type:
    """A private dict with another d[key] = value."""
    strange = type("Strange", (dict,), {"__setitem__": set_item})
    return type("StrangeRow", (PlainDict,), {"name": "strange", "attach": lambda self: strange()})


def record_of(row: type, program: Program = OneStep(), processes: int = 1, timeout: float = 20) -> dict:
    cell = Cell(program, row, processes, 0, 1.0)
    return cell_records(cell, "run", run_cell(cell, timeout))[0]


@pytest.fixture(autouse=True)
def nothing_stays():
    before = set(left_over("/dev/shm"))
    yield
    assert set(left_over("/dev/shm")) <= before
    assert not list(pathlib.Path("/dev/shm").glob(f"*dictbench-{os.geteuid()}-{os.getpid()}.tier-cell*"))


def test_a_good_row_has_a_speed():
    record = record_of(PlainDict)
    assert (record["status"], record["verified"], record["ops"]) == ("ok", "ok", 10)
    assert record["ops_per_s"] > 0 and record["memory"]["max_rss_bytes"] > 0 and record["memory"]["pss_bytes"] > 0
    assert record["memory"]["items"] == 10


def test_a_row_that_loses_items_is_marked_failed():
    def forgetful(self, key, value):
        if key != 3:
            dict.__setitem__(self, key, value)
    record = record_of(row_with(forgetful))
    assert record["verified"] == "failed: 1 of 10 items are lost"
    assert (record["status"], record["ops_per_s"]) == ("invalid: verification failed", 0)


def test_a_row_that_mixes_values_is_marked_failed():
    record = record_of(row_with(lambda self, key, value: dict.__setitem__(self, key, 0)))
    assert record["verified"] == "failed: 9 of 10 values are wrong"


def test_a_row_that_hangs_is_ended():
    record = record_of(row_with(lambda self, key, value: time.sleep(60)), timeout=0.5)
    assert record["status"] == "invalid: hung: ended after 0.5 s"
    assert record["ops_per_s"] == 0


def test_a_row_that_crashes_is_told():
    record = record_of(row_with(lambda self, key, value: os.kill(os.getpid(), signal.SIGKILL)))
    assert record["status"] == "invalid: worker 0 died: signal 9"


def test_a_row_that_raises_is_told():
    def refuse(self, key, value):
        raise ValueError("no room")
    assert record_of(row_with(refuse))["status"] == "invalid: worker 0: ValueError: no room"


def test_a_leader_that_dies_is_told():
    def fall(self, folder, items, longest_text):
        os._exit(3)
    row = type("FallingRow", (PlainDict,), {"__init__": fall})
    assert record_of(row)["status"] == "invalid: died: exit code 3"


def test_as_published_the_first_worker_is_alone():
    class Shared(PlainDict):
        shared = True  # so that no worker reads back; each has its own dict all the same

    report = run_cell(Cell(ThreeWriters("mpdict-1m", 3000, AS_PUBLISHED), Shared, 3, 0, 1.0), 20)
    first, *others = report["phases"][AS_PUBLISHED]["workers"]
    assert all(worker["start_s"] >= first["end_s"] for worker in others)
    assert report["verified"].startswith("failed: 3,000 of 3,000 items are lost")


def test_leftovers_of_dead_runners_are_removed(tmp_path):
    dead = os.fork()
    if dead == 0:
        os._exit(0)
    os.waitpid(dead, 0)
    left = pathlib.Path(f"/dev/shm/dictbench-{os.geteuid()}-{dead}.tier-cell-x")
    left.mkdir()
    cells.remove_leftovers()
    assert not left.exists()
