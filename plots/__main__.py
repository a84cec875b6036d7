"""python -m plots --records FILE... [--sources FILE...] [--tables FILE.json] --out FOLDER: draws all pictures and writes
the report. Makes FOLDER, in one that is there.

Prints the report's path. Exit codes: 0 done, 2 usage or a file that cannot be read, 3 no figure that may be drawn,
or no matplotlib or Jinja2.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from plots.records import RecordError, read_records

USAGE, NOTHING = 2, 3
_PACKAGES = {"matplotlib": "matplotlib", "numpy": "matplotlib", "jinja2": "jinja2", "markupsafe": "jinja2"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # one line, without argparse's usage block
        self.exit(USAGE, f"plots: {message}; see python -m plots --help\n")


def main(arguments: list) -> int:
    options = _parse(arguments)
    above = options.out.absolute().parent
    if not above.is_dir():
        return _say(f"{options.out}: there is no folder {above}; make it, or name another folder", USAGE)
    try:
        from plots.pictures import PICTURES, SECTIONS
        from plots.report import answer, page
        from plots.report.tables import TableError, read_tables
    except ModuleNotFoundError as error:
        package = _PACKAGES.get(str(error.name).partition(".")[0])
        if package:
            return _say(f"{package} is missing: apt-get install python3-{package}, and run with /usr/bin/python3", NOTHING)
        raise
    try:
        records = read_records(options.records, options.sources)
        tables = read_tables(options.tables) if options.tables else []
    except (RecordError, TableError) as error:
        return _say(str(error), USAGE)
    ranked = answer.ranked(tables)
    records.cells = [replace(cell, ranked=cell.engine in ranked) for cell in records.cells]
    if not any(cell.drawable for cell in records.cells):
        return _say(f"none of the {len(records.cells)} cells is valid and verified: nothing to draw", NOTHING)
    try:
        drawn = _draw(PICTURES, records.cells, options.out / "pictures", not options.svg_only)
        sections = [(section.title, section.introduction, [picture for module in section.modules
                                                           for picture in drawn[module]]) for section in SECTIONS]
        path = page.write(options.out, records, sections, tables)
    except OSError as error:
        return _say(f"{error.filename}: cannot be written: {error.strerror}", USAGE)
    print(path)
    return 0


def _parse(arguments: list) -> argparse.Namespace:
    parser = _Parser(prog="python -m plots", description="Draws dictbench's records and writes a report.")
    parser.add_argument("--records", metavar="FILE", nargs="+", type=Path, required=True, action="extend",
                        help="record files (JSON Lines) of one machine")
    parser.add_argument("--sources", metavar="FILE", nargs="+", type=Path, default=[], action="extend",
                        help="further record files that the tables were made of: listed, not drawn")
    parser.add_argument("--tables", metavar="FILE.json", type=Path,
                        help="what 'dictbench table all --format json' wrote; without it nothing is called the best")
    parser.add_argument("--out", metavar="FOLDER", type=Path, required=True,
                        help="gets report.html and pictures/*.svg, *.png")
    parser.add_argument("--svg-only", action="store_true", help="leave the PNG files out: half the time")
    return parser.parse_args(arguments)


def _draw(modules: tuple, cells: list, folder: Path, png: bool) -> dict:
    """Module -> what it drew. One process for each CPU: a full report takes most of its time here."""
    workers = min(len(modules), len(os.sched_getaffinity(0)))
    if workers == 1:
        return {module: module.draw(cells, folder, png) for module in modules}
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting = {module: pool.submit(module.draw, cells, folder, png) for module in reversed(modules)}
        return {module: waiting[module].result() for module in modules}


def _say(message: str, code: int) -> int:
    print(f"plots: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
