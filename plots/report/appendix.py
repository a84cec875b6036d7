"""The records behind the figures: every repetition of every cell, with the file and line that holds it.

Each cell (tier, engine, workload, phase, processes, scale, start) has an id, to which figures lead.
"""

from typing import NamedTuple

from plots.metrics import format_bytes, format_count, format_duration
from plots.records import Cell, Records


class RecordRow(NamedTuple):
    texts: tuple
    run_id: str
    origin: str


class Entry(NamedTuple):
    ident: str
    title: str  # "lockfree"
    details: str  # "get-10, 2 processes, scale 0.2"
    rows: list


class Chapter(NamedTuple):
    title: str
    kind: str  # "cell", "torture" or "check"
    entries: list

    @property
    def count(self) -> str:
        records = sum(len(entry.rows) for entry in self.entries)
        return f"{records:,} record{'' if records == 1 else 's'}"


HEADS = {
    "cell": ("rep.", "ops/s", "elapsed", "p50", "p99", "per item", "vol", "invol", "verified", "status"),
    "torture": ("tried", "survived", "operations", "lost", "longest stall", "found", "status"),
    "check": ("promise", "operations", "open", "kills", "elapsed", "verdict"),
}
FIGURES = {"cell": 8, "torture": 5, "check": 0}  # so many columns of figures come first


class Appendix:
    def __init__(self, records: Records):
        self._places: dict = {}  # key -> (id, run ids)
        self.chapters = _Chapters(self._places).of(records)

    def of_source(self, source: dict) -> str:
        """The id of a table's source (results/table.h), "" where no file that was given holds it."""
        return self._find(_key_of_source(source), source.get("runs") or ())

    def of_cell(self, cell: Cell) -> str:
        return self._find(_key(cell), (cell.run_id,))

    def _find(self, key: tuple, runs) -> str:
        ident, held = self._places.get(key, ("", frozenset()))
        return ident if held.intersection(runs) else ""


def _key(cell: Cell) -> tuple:
    return (cell.tier, cell.engine, cell.workload, cell.phase, cell.processes, cell.scale, cell.start)


def _key_of_source(source: dict) -> tuple:
    kind = source.get("type", "cell")
    if kind != "cell":
        return (kind, source.get("engine"), source.get("fault", ""))
    return tuple(source.get(name) for name in ("tier", "engine", "workload", "phase", "processes", "scale", "start"))


class _Chapters:
    def __init__(self, places: dict):
        self._places = places

    def of(self, records: Records) -> list:
        chapters: dict = {}  # title -> key -> records
        for cell in records.all_cells:
            title = (cell.tier != "c++", cell.workload, cell.tier)
            chapters.setdefault(title, {}).setdefault(_key(cell), []).append(cell)
        found = [self._cells(*title[1:], chapters[title]) for title in sorted(chapters)]
        return found + self._findings(records.findings)

    def _cells(self, workload: str, tier: str, groups: dict) -> Chapter:
        phases = list(dict.fromkeys(key[3] for key in groups))  # in the order in which they ran
        entries = []
        for key in sorted(groups, key=lambda key: (phases.index(key[3]), key[4], key[1], -key[5], key[6])):
            cells = sorted(groups[key], key=lambda cell: (cell.run_id, cell.repetition))
            first = cells[0]
            told = [first.phase] if len(phases) > 1 else []
            told += [f"{first.processes} {'process' if first.processes == 1 else 'processes'}"]
            told += [f"scale {first.scale:g}"] if first.scale != 1 else []
            told += [first.start] if first.start != "fork" else []
            entries.append(self._entry(key, first.engine, ", ".join(told), cells, _cell_texts))
        return Chapter(workload if tier == "c++" else f"{workload}, {tier}", "cell", entries)

    def _findings(self, findings: list) -> list:
        chapters = []
        for kind, title in (("torture", "Torture"), ("check", "Histories checked for linearizability")):
            groups: dict = {}
            for finding in findings:
                if finding.kind == kind:
                    groups.setdefault((kind, finding.engine, finding.fault), []).append(finding)
            texts = _torture_texts if kind == "torture" else _check_texts
            entries = [self._entry(key, key[1], key[2], groups[key], texts) for key in sorted(groups)]
            if entries:
                chapters.append(Chapter(title, kind, entries))
        return chapters

    def _entry(self, key: tuple, title: str, details: str, held: list, texts) -> Entry:
        ident = f"r{len(self._places) + 1}"
        self._places[key] = ident, frozenset(each.run_id for each in held)
        return Entry(ident, title, details, [RecordRow(texts(each), each.run_id, each.origin) for each in held])


def _cell_texts(cell: Cell) -> tuple:
    # Speeds of what went wrong are printed nowhere.
    latency, servers = cell.latency_ns if cell.latency_ns and cell.drawable else {}, cell.server_rusage or {}

    def switches(kind: str) -> str:
        return f"{int(cell.rusage[kind] + servers.get(kind, 0)):,}" if kind in cell.rusage else ""

    return (
        str(cell.repetition),
        format_count(cell.ops_per_s) if cell.ops_per_s and cell.drawable else "",
        format_duration(1e9 * cell.elapsed_s) if cell.elapsed_s and cell.drawable else "",
        format_duration(latency["p50"]) if latency.get("p50") else "",
        format_duration(latency["p99"]) if latency.get("p99") else "",
        format_bytes(cell.memory["bytes_per_item"]) if cell.memory.get("items") else "",
        switches("voluntary_switches"),
        switches("involuntary_switches"),
        "n/a" if cell.verified.startswith("not applicable") else cell.verified,
        cell.status,
    )


def _torture_texts(finding) -> tuple:
    told = finding.told
    stall = told.get("longest_stall_s")
    return (
        *(f"{told[name]:,}" if name in told else "" for name in ("tried", "survived", "operations", "lost")),
        format_duration(1e9 * stall) if stall else "",
        str(told.get("found", "")),
        finding.verdict,
    )


def _check_texts(finding) -> tuple:
    told = finding.told
    return (
        str(told.get("promise", "")),
        *(f"{told[name]:,}" if name in told else "" for name in ("operations", "open", "kills")),
        format_duration(1e9 * told["elapsed_s"]) if told.get("elapsed_s") else "",
        finding.verdict,
    )
