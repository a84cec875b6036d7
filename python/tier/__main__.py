"""python -m tier --out FILE: runs the documents' programs over Python's shared dicts and appends their records to a file.

Exit codes: 0 done, 1 a row of dictbench's own was wrong, 2 usage, 3 nothing could be measured.
"""

import argparse
import signal
import sys
from pathlib import Path

from tier import host, records
from tier.cell import remove_leftovers, run_cell
from tier.programs import NAMES
from tier.report import cell_records, unavailable_records
from tier.rows import BY_NAME
from tier.schedule import Selection, cells_of
from tier.versions import versions

WRONG, USAGE, NOTHING = 1, 2, 3
_TERMINATED = 128 + signal.SIGTERM
_TARGET_PROGRAMS = ["mpdict-1m", "redis-100k", "ultra-rank"]
_TARGET_ROWS = ["dict", "empty call", "SharedDict(lockfree)", "SharedDict(stream-log)", "redis-py", "UltraDict", "mpdict"]
_SMOKE = {"repetitions": 1, "scale": 0.002, "budget": 0.2, "timeout": 30}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # one line, without argparse's usage block
        self.exit(USAGE, f"tier: {message}; see python -m tier --help\n")


def main(arguments: list) -> int:
    options = _parse(arguments)
    selection = Selection(options.programs, options.rows, options.repetitions, options.scale, options.budget, options.seed,
                          options.smoke)
    rounds = cells_of(selection)
    if not rounds or not rounds[0]:
        return _say("no program takes any of these rows; see --list", USAGE)
    try:
        file = records.RecordFile(options.out)
    except records.RecordError as error:
        return _say(str(error), USAGE)
    rows = sorted({cell.row for cell in rounds[0]}, key=list(BY_NAME.values()).index)
    missing = {row: row.missing() for row in rows}
    for row in rows:
        if missing[row]:
            _say(f"{row.name}: unavailable: {missing[row]}")
    run = records.run_record(_told(options, rows), versions(rows), options.seed, max(c.processes for c in rounds[0]))
    file.write(run)
    remove_leftovers()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))  # so that the cell in hand is cleaned up
    wrong, measured, total = 0, 0, sum(map(len, rounds))
    for number, cell in enumerate((cell for cells in rounds for cell in cells), 1):
        _progress(number, total, cell)
        if missing[cell.row]:
            results = unavailable_records(cell, run["run_id"], missing[cell.row])
        else:
            results = cell_records(cell, run["run_id"], run_cell(cell, options.timeout))
        for record in results:
            file.write(record)
            measured += record["status"] == "ok"
            wrong += cell.row.name.startswith("SharedDict") and record["status"].startswith("invalid")
    file.close()
    _say(f"{measured} records with a speed in {options.out}")
    return WRONG if wrong else 0 if measured else NOTHING


def _parse(arguments: list) -> argparse.Namespace:
    parser = _Parser(prog="python -m tier", description=__doc__.split(":", 1)[1].split("\n\n")[0].strip())
    parser.add_argument("--out", metavar="FILE", type=Path, help="record file; appended to")
    parser.add_argument("--programs", metavar="NAMES", type=_names(NAMES), help=f"comma-separated: {', '.join(NAMES)}")
    parser.add_argument("--rows", metavar="NAMES", type=_names(list(BY_NAME)), help="comma-separated; --list shows them")
    parser.add_argument("--repetitions", metavar="N", type=_positive(int), default=5)
    parser.add_argument("--scale", metavar="F", type=_positive(float), default=1.0, help="of the operations, on top of the budget's")
    parser.add_argument("--budget", metavar="SECONDS", type=_positive(float), default=0.5,
                        help="about what one cell may take: slow rows do fewer operations (default 0.5)")
    parser.add_argument("--timeout", metavar="SECONDS", type=_positive(float), default=60.0, help="a cell is ended after it")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="of the order")
    parser.add_argument("--targets", action="store_true", help="only what the table python-targets is made of")
    parser.add_argument("--smoke", action="store_true", help="some of it once and tiny: every program and every row")
    parser.add_argument("--list", action="store_true", help="prints the rows and why one cannot be used")
    options = parser.parse_args(arguments)
    if options.list:
        for row in BY_NAME.values():
            print(f"{row.name:26}{row.missing() or 'available'}")
        parser.exit(0)
    if options.out is None:
        parser.error("--out FILE is needed")
    if options.targets:
        options.programs, options.rows = _TARGET_PROGRAMS, _TARGET_ROWS
    if options.smoke:
        for name, value in _SMOKE.items():
            setattr(options, name, value)
    return options


def _names(allowed: list):
    def parse(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"'{name}' is unknown: there are {', '.join(allowed)}")
        return names
    return parse


def _positive(kind: type):
    def parse(text: str):
        try:
            number = kind(text)
        except ValueError:
            number = 0
        if not 0 < number < 1e6:
            raise argparse.ArgumentTypeError(f"'{text}' must be a number above 0")
        return number
    return parse


def _told(options: argparse.Namespace, rows: list) -> dict:
    return {"tier": "python", "programs": ",".join(options.programs or NAMES), "rows": ",".join(row.name for row in rows),
            "repetitions": str(options.repetitions), "scale": f"{options.scale:g}", "budget": f"{options.budget:g}",
            "timeout": f"{options.timeout:g}", "python": host.python_version()}


def _progress(number: int, total: int, cell) -> None:
    text = f"[{number}/{total}] {cell.program.name}, {cell.row.name}, {cell.processes}"
    if sys.stderr.isatty():
        print(f"\r{text:<79.79}", end="" if number < total else "\n", file=sys.stderr, flush=True)
    elif number == total or number % 50 == 0:
        print(text, file=sys.stderr)


def _say(message: str, code: int = 0) -> int:
    print(f"tier: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
