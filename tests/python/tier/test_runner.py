"""python -m tier: records that dictbench reads, one writer at a time, wrong options."""

import fcntl
import json
import os
import random
import subprocess

import pytest

from locations import BUILD, ROOT
from tier.programs import PROGRAMS
from tier.records import RecordError, RecordFile
from tier.rows import ROWS
from tier.schedule import Selection, cells_of


def tier(*arguments):
    environment = dict(os.environ, PYTHONPATH=f"{BUILD / 'python'}:{ROOT / 'python'}")
    return subprocess.run(["/usr/bin/python3", "-m", "tier", *map(str, arguments)], env=environment, capture_output=True,
                          text=True, timeout=60)


def test_dictbench_reads_the_records(tmp_path, dictbench):
    file = tmp_path / "records.jsonl"
    for _ in range(2):  # the second run appends
        done = tier("--rows", "dict,empty call", "--programs", "ultra-rank", "--scale", "0.001", "--repetitions", "2",
                    "--out", file)
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines].count("run") == 2
    assert all(line["tier"] == "python" for line in lines if line["type"] == "cell")
    table = dictbench("table", "ultra-rank", "--results", file)
    assert table.returncode == 0, table.stderr
    assert "| empty call" in table.stdout and "CPython" in table.stdout
    for name in ("claims", "python-targets", "mpdict-1m", "engines"):
        assert dictbench("table", name, "--results", file).returncode == 0


def test_a_second_writer_is_refused(tmp_path):
    file = tmp_path / "records.jsonl"
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = tier("--rows", "dict", "--out", file)
    assert done.returncode == 2
    assert done.stderr == f"tier: {file}: another run is writing it; choose another file\n"


def test_an_unfinished_line_is_cut_off(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_text('{"type": "run"}\n{"type": "ce')
    records = RecordFile(file)
    records.write({"type": "cell"})
    records.close()
    assert file.read_text() == '{"type": "run"}\n{"type": "cell"}\n'
    with pytest.raises(RecordError, match="cannot be opened"):
        RecordFile(tmp_path)


@pytest.mark.parametrize("arguments, said", [
    (["--rows", "nosuch", "--out", "x"], "'nosuch' is unknown: there are dict, empty call"),
    (["--programs", "nosuch", "--out", "x"], "'nosuch' is unknown: there are mpdict-1m"),
    (["--repetitions", "0", "--out", "x"], "'0' must be a number above 0"),
    ([], "--out FILE is needed"),
    (["--rows", "mpdict", "--programs", "ultra-10k", "--out", "x"], "no program takes any of these rows"),
])
def test_wrong_options_are_refused_in_one_line(arguments, said):
    done = tier(*arguments)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_repetitions_are_shuffled_rounds():
    rounds = cells_of(Selection(["ultra-rank"], None, 3, 1.0, 0.5, 7))
    names = [[(cell.row.name, cell.processes) for cell in cells] for cells in rounds]
    assert len(rounds) == 3 and names[0] != names[1]
    assert sorted(names[0]) == sorted(names[1])
    assert all(cell.repetition == number for number, cells in enumerate(rounds) for cell in cells)


def test_a_thin_run_has_every_program_and_row():
    [cells] = cells_of(Selection(None, None, 1, 1.0, 0.5, 1, thin=True))
    assert {cell.row for cell in cells} == set(ROWS)
    assert {cell.program for cell in cells} == set(PROGRAMS)


def test_a_slow_row_does_fewer_operations():
    slow = random.Random(1).choice([row for row in ROWS if row.microseconds >= 30])
    fast = next(row for row in ROWS if row.name == "dict")
    program = next(program for program in PROGRAMS if program.name == "ultra-rank")
    assert program.scale_for(slow, 1, 0.5) < program.scale_for(fast, 1, 0.5) == 1


def test_memory_is_compared_for_one_number_of_items():
    programs = [program for program in PROGRAMS if program.name == "redis-100k"]
    slowest = max(ROWS, key=lambda row: row.microseconds)
    assert programs and all(program.scale_for(slowest, 3, 0.5) == 1 for program in programs)
