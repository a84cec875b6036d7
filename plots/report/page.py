"""Puts the report together: what the templates show, and the page that they make of it.

The page carries its style sheet and its script, and a Content-Security-Policy that allows nothing else: no request
leaves it. Without scripts it is whole; tables then do not sort and filter.
"""

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plots.grouping import GROUPS
from plots.metrics import METRICS
from plots.records import Records
from plots.report import answer, facts, tables as table_grids
from plots.report.appendix import FIGURES, HEADS, Appendix
from plots.report.figure_data import FigureData
from plots.report.svg import Inliner
from plots.style import HARNESS, PRIVATE

FILE = "report.html"
_FOLDER = Path(__file__).parent


class TableSection(NamedTuple):
    ident: str
    title: str
    introduction: str
    names: tuple  # of tables; empty: those that no other section has
    measured: bool = False  # only tables with a figure that was measured, not those that only others published


_TABLE_SECTIONS = (
    TableSection("engines", "Every engine, every workload",
                 "One table for each workload, and for each phase of those that have several.", ("engines",)),
    TableSection("programs", "Programs of other projects",
                 "What other projects published about their dicts, done again here.",
                 ("claims", "mpdict-1m", "redis-100k", "pyshmht-mp", "pyshmht-64b", "ultra-old", "ultra-new", "ultra-rank",
                  "ultra-rank-more", "smd-sync", "lock-counter"), measured=True),
    TableSection("targets", "Targets", "What the engines of this project are to reach, and did.",
                 ("lockfree-rivals", "design-targets", "python-targets"), measured=True),
    TableSection("more-tables", "More measurements", "Measurements that answer one question each.", ()),
    TableSection("contracts", "Contracts", "What each engine promises.", ("contracts",)),
    TableSection("torture", "Torture", "What was found when processes were killed, stopped and starved.", ("torture",)),
    TableSection("gate", "The gate", "Gates over programs whose difference is known: does it keep what it promises?",
                 ("gate-trials",)),
    TableSection("hosts", "Hosts", "The machines side by side.", ("hosts", "across-hosts")),
)
_ANSWERS = (answer.NEEDS, answer.OVERVIEW, answer.FASTEST)  # the tables that the first section shows
_FINDINGS = "What was found"  # so begin the titles of those tables `contracts` that torture filled


def write(folder: Path, records: Records, sections: list, tables: list) -> Path:
    """`sections`: (title, introduction, [Drawn, ...]) in the page's order. Returns the page's path."""
    environment = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True, undefined=StrictUndefined)
    page = environment.get_template("report.html").render(_content(records, sections, tables))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page, encoding="utf-8")
    return path


def _content(records: Records, sections: list, tables: list) -> dict:
    appendix = Appendix(records)
    data = FigureData(records.cells, appendix)
    named = {name: _answers(name, tables, appendix) for name in _ANSWERS}
    needs = [need for table in named[answer.NEEDS] for need in answer.needs(table)]
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    inliner = Inliner()
    pictures = _pictures(sections, data, inliner)
    return {
        "title": facts.title(records),
        "asked": facts.asked(records),
        "lead": facts.lead(records),
        "needs": needs,
        "overview": named[answer.OVERVIEW],
        "fastest": [found for table in named[answer.FASTEST] if (found := answer.fastest(table))],
        "picture_sections": pictures,
        "table_sections": _table_sections(tables, appendix),
        "machine": facts.machine(records),
        "warnings": facts.warnings(records),
        "not_drawn": facts.not_drawn(records, appendix),
        "metrics": list(METRICS.values()),
        "harness": HARNESS,
        "private": PRIVATE,
        "runs": facts.runs(records),
        "run_idents": {run.run_id: f"run-{index}" for index, run in enumerate(records.all_runs, 1)},
        "chapters": appendix.chapters,
        "heads": HEADS,
        "figure_heads": FIGURES,
        "markers": Markup(inliner.markers),
        "style": Markup((_FOLDER / "style.css").read_text(encoding="utf-8") + inliner.rules),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


def _answers(name: str, tables: list, appendix: Appendix) -> list:
    """The grids of the tables of this name that say something, each whole and with an id of its own."""
    found = [table_grids.grids([table], appendix)[0] for table in tables if table.name == name and table.rows]
    return [made._replace(ident=f"answer-{name}-{number}") for number, made in enumerate(found, 1)]


def _pictures(sections: list, data: FigureData, inliner: Inliner) -> list:
    return [{
        "ident": "-".join(title.lower().split()),
        "title": title,
        "introduction": introduction,
        "pictures": [{
            "drawn": picture,
            "svg": Markup(inliner.inline(picture.svg_file.read_text(encoding="utf-8"), picture.title,
                                         picture.caption)),
            "data": data.table(picture.name, picture.title, picture.shown),
        } for picture in pictures],
    } for title, introduction, pictures in sections if pictures]


def _table_sections(tables: list, appendix: Appendix) -> list:
    named = {name for section in _TABLE_SECTIONS for name in section.names} | {*_ANSWERS, answer.STANDINGS}
    taken: dict = {}
    found = []
    for section in _TABLE_SECTIONS:
        own = [table for table in tables if _section_of(table, named) in (section.names or ("",))
               and table.rows and (table.measured or not section.measured)]
        own.sort(key=lambda table: _order(table, section.names.index(_section_of(table, named)) if section.names else 0))
        if not own:
            continue
        grids = []
        for made in table_grids.grids(own, appendix):
            taken[made.ident] = taken.get(made.ident, 0) + 1
            number = f"-{taken[made.ident]}" if taken[made.ident] > 1 else ""
            grids.append(made._replace(ident=f"table-{made.ident}{number}"))
        found.append({"section": section, "groups": _by_workload(own, grids), "notes": table_grids.shared_notes(own)})
    return found


def _workload_of(table) -> str:
    """'values' of the table `engines` with the title 'values, phase set-10b'; "" of other tables."""
    return table.title.partition(",")[0].partition(" on ")[0] if table.name == "engines" else ""


def _order(table, section_order: int) -> tuple:
    """Tables of workloads stand as the pictures do; the others as the section names them."""
    known = [name for group in GROUPS for name in group.workloads]
    workload = _workload_of(table)
    return section_order, known.index(workload) if workload in known else len(known) if workload else 0


def _by_workload(tables: list, grids: list) -> list:
    """Tables of many phases of one workload stand in a group."""
    groups: list = []
    for table, made in zip(tables, grids):
        workload = _workload_of(table)
        if workload and groups and groups[-1]["title"] == workload:
            groups[-1]["grids"].append(made)
        else:
            groups.append({"title": workload, "grids": [made]})
    return groups


def _section_of(table, named: set) -> str:
    if table.name == "contracts" and table.title.startswith(_FINDINGS):
        return "torture"
    return table.name if table.name in named else ""
