"""Reads record files: JSON Lines of "run" and "cell" objects, as results/record.h defines them.

A last line without its line end was cut off when the writer was killed, and is skipped. Everything else that is
no record raises RecordError with one line: file, line, reason.
"""

import json
import math
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Iterable, Optional, get_args

SCHEMA = 1
_FINDINGS = ("torture", "check")  # records of which there are tables, but no pictures
_TABLE_ONLY = "gate"  # samples of thousands of runs: their table says what came out, the record file has them
_CASES = "ultra-cases"  # the workload of `dictbench cases`: each cell a case of its own, which a table shows
_UNFINISHED = "unfinished: "
_NAME_OF_JSON_TYPE = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


class RecordError(ValueError):
    """A file that is no record file; the message is one line."""


def _not_recorded(default):
    """A field of a dataclass that no line of a record has."""
    return field(default=default, metadata={"recorded": False})


@dataclass(frozen=True)
class Run:
    """Of the fields of a "run" line those that are shown: reading goes by their names and types (_filled)."""

    run_id: str
    started: str = ""
    commit: str = "unknown"
    dirty: bool = False
    compiler: str = ""
    flags: str = ""
    build_type: str = ""
    versions: dict = field(default_factory=dict)
    host: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    seed: int = 0
    warnings: list = field(default_factory=list)

    @property
    def host_title(self) -> str:
        """What pictures call the machine: 'Intel Xeon, 2 CPUs'."""
        model = str(self.host.get("cpu_model", ""))
        if not model or model.startswith("unavailable"):
            model = str(self.host.get("architecture", "unknown CPU"))
        model = " ".join(model.replace("(R)", "").replace("(TM)", "").replace(" CPU ", " ").split())
        cpus = self.cpus
        return model if cpus is None else f"{model}, {cpus} CPU{'' if cpus == 1 else 's'}"

    @property
    def cpus(self) -> Optional[int]:
        text = str(self.host.get("cores", ""))
        return int(text) if text.isdigit() and int(text) > 0 else None


@dataclass(frozen=True)
class Cell:
    """One repetition of one engine on one phase of one workload: of a "cell" line what is drawn or listed."""

    run_id: str
    engine: str  # spec text; what pictures print is `label`
    workload: str
    processes: int
    repetition: int
    verified: str
    status: str
    workload_hash: str = ""
    scale: float = 1.0
    phase: str = ""
    ops: int = 0
    elapsed_s: float = 0.0
    ops_per_s: float = 0.0
    work: dict = field(default_factory=dict)
    latency_ns: Optional[dict] = None
    rusage: dict = field(default_factory=dict)
    server_rusage: Optional[dict] = None
    memory: dict = field(default_factory=dict)
    tier: str = "c++"
    start: str = "fork"
    host: str = _not_recorded("unknown host")
    cpus: Optional[int] = _not_recorded(None)
    ranked: bool = _not_recorded(False)  # True: the table `standings` says so (results/tables/fastest.cc)
    origin: str = _not_recorded("")  # file and line: "standard.jsonl:17"

    @property
    def label(self) -> str:
        return self.engine

    @property
    def fault(self) -> str:
        """Why no speed may be drawn, "" when it may: 'invalid: worker 2 died', 'wrong data: 3 keys lost'. Of a loading
        phase that was not done in its time what the record says: 'not in 30 s: 410,000 of 1,000,000'."""
        if self.status != "ok":
            return self.status.removeprefix(_UNFINISHED)
        kind, _, why = self.verified.partition(": ")
        if kind in ("ok", "not applicable"):
            return ""
        if kind == "failed":
            return f"wrong data: {why or 'no reason given'}"
        return f"not verified: {why or self.verified}"

    @property
    def unfinished(self) -> bool:
        return self.status.startswith(_UNFINISHED)

    @property
    def open_loop(self) -> bool:
        """Whether operations came at fixed times: then the rate was given, and the latencies count."""
        return self.work.get("arrival_rate", 0) > 0

    @property
    def drawable(self) -> bool:
        return not self.fault


@dataclass(frozen=True)
class Finding:
    """What one fault did to an engine (torture), or whether its histories were in order (check)."""

    kind: str  # "torture" or "check"
    run_id: str
    engine: str
    fault: str  # "" of a check
    verdict: str
    told: dict  # the record
    origin: str


@dataclass
class Records:
    runs: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    notes: list = field(default_factory=list)  # what was left out while reading, one line each
    # What the appendix lists: also what is not drawn, of all files.
    all_cells: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    all_runs: list = field(default_factory=list)


def read_records(files: Iterable[Path], sources: Iterable[Path] = ()) -> Records:
    """All files, in order. Records of two machines do not mix: raises RecordError. `sources`: files that are listed but
    not drawn, of any machine."""
    files, sources = [Path(file) for file in files], [Path(file) for file in sources]
    names = _names([*files, *sources])
    runs, all_runs, found, findings = {}, {}, [], []
    for file in files:
        _read_file(file, names, runs, found, findings)
    all_runs.update(runs)
    listed: list = []
    for file in sources:
        if file not in files:
            _read_file(file, names, all_runs, listed, findings)
    hosts = sorted({run.host_title for run in runs.values()})
    if len(hosts) > 1:
        raise RecordError(f"records of {len(hosts)} machines ({'; '.join(hosts)}): give the files of one machine")
    own = [_cell(where, origin, line, runs) for where, origin, line in found]
    overwriting = _overwriting_loads(own)
    cells, notes = _keep_one_work([cell for cell in own if _is_drawn(cell) and cell.origin not in overwriting])
    own += [_cell(where, origin, line, all_runs) for where, origin, line in listed]
    return Records(list(runs.values()), cells, notes, own, findings, list(all_runs.values()))


def _names(files: list) -> dict:
    """File -> what the report calls it: its name, or its whole path where two have the same."""
    counts: dict = {}
    for file in set(files):
        counts[file.name] = counts.get(file.name, 0) + 1
    return {file: file.name if counts[file.name] == 1 else str(file) for file in files}


def _read_file(file: Path, names: dict, runs: dict, bare_cells: list, findings: list) -> None:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise RecordError(f"{file}: cannot be read: {error.strerror}") from None
    lines = text.split(b"\n")
    lines.pop()  # empty, or the cut last line
    for number, line in enumerate(lines, 1):
        where = f"{file}:{number}"
        try:
            record = json.loads(line)
        except ValueError:
            raise RecordError(f"{where}: no JSON") from None
        kind = record.get("type") if isinstance(record, dict) else None
        if kind == "run":
            run = _run(where, record)
            runs[run.run_id] = run
        elif kind == "cell":
            bare_cells.append((where, f"{names[file]}:{number}", record))
        elif kind in _FINDINGS:
            findings.append(_finding(where, f"{names[file]}:{number}", record))
        elif kind != _TABLE_ONLY:
            raise RecordError(f'{where}: no record: an object with "type":"run" or "type":"cell" is expected')


def _is_drawn(cell: Cell) -> bool:
    """The Python tier's programs have tables of their own (docs/documents.md)."""
    return cell.workload != _CASES and cell.tier == "c++"


def _overwriting_loads(cells: list) -> set:
    """Origins of loads of keys that were there, which fill no dict (results/record.h). Older records do not tell it: it
    is found out as in results/record_reader.cc."""
    found, loaded = set(), {}
    for cell in cells:
        work = cell.work
        keys = work.get("keys", 0)
        if work.get("overwrites", False):
            found.add(cell.origin)
        if "warm_up_s" in work or keys == 0 or work.get("seconds", 0) > 0 or not cell.phase.startswith("load"):
            continue
        of = (cell.origin.rpartition(":")[0], cell.run_id, cell.engine, cell.workload_hash, cell.start, cell.processes,
              cell.repetition, work.get("key_bytes", 0))
        if loaded.get(of, 0) >= keys:
            found.add(cell.origin)
        loaded[of] = max(loaded.get(of, 0), keys)
    return found


def _finding(where: str, origin: str, record: dict) -> Finding:
    kind = record["type"]
    return Finding(
        kind=kind,
        run_id=_get(where, record, "run_id", str),
        engine=_get(where, record, "engine", str),
        fault=_get(where, record, "fault", str) if kind == "torture" else "",
        verdict=_get(where, record, "status" if kind == "torture" else "verdict", str),
        told=record,
        origin=origin,
    )


def _run(where: str, record: dict) -> Run:
    schema = _get(where, record, "schema", int)
    if schema != SCHEMA:
        raise RecordError(f"{where}: schema {schema}, this program reads schema {SCHEMA}")
    return _filled(Run, where, record)


def _cell(where: str, origin: str, record: dict, runs: dict) -> Cell:
    run = runs.get(_get(where, record, "run_id", str))
    told = {"host": run.host_title, "cpus": run.cpus} if run else {}
    return _filled(Cell, where, record, origin=origin, **told)


def _filled(kind: type, where: str, record: dict, **told):
    """A Run or Cell with what its fields' names have in the record, and `told`."""
    for each in fields(kind):
        if not each.metadata.get("recorded", True):
            continue
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        wanted = get_args(each.type)[0] if get_args(each.type) else each.type  # dict of Optional[dict]
        told[each.name] = _get(where, record, each.name, wanted, _REQUIRED if default is MISSING else default)
    return kind(**told)


_REQUIRED = object()


def _get(where: str, record: dict, name: str, kind: type, default=_REQUIRED):
    value = record.get(name)
    if value is None:
        if default is _REQUIRED:
            raise RecordError(f"{where}: field '{name}' is missing")
        return default
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in (int, float):
        if not number or not math.isfinite(value) or value < 0 or (kind is int and value != int(value)):
            expected = "a whole number of at least 0" if kind is int else "a number of at least 0"
            raise RecordError(f"{where}: field '{name}' must be {expected}, not {json.dumps(value)[:40]}")
        return kind(value)
    if not isinstance(value, kind):
        raise RecordError(f"{where}: field '{name}' must be {_NAME_OF_JSON_TYPE[kind]}, not {json.dumps(value)[:40]}")
    return value


def _keep_one_work(cells: list) -> tuple:
    """Of every workload the records that did the same work: of its largest scale the version that was read last.
    Figures of other keys, or of a file that has changed since, do not stand beside them."""
    kept: dict = {}
    for cell in cells:
        before = kept.get(cell.workload)
        if before is None or cell.scale >= before[0]:
            kept[cell.workload] = cell.scale, cell.workload_hash
    drawn = [cell for cell in cells if (cell.scale, cell.workload_hash) == kept[cell.workload]]
    out = [cell for cell in cells if (cell.scale, cell.workload_hash) != kept[cell.workload]]
    changed = sorted({cell.workload for cell in out if cell.scale == kept[cell.workload][0]})
    smaller = sorted({cell.workload for cell in out if cell.scale != kept[cell.workload][0]})
    return drawn, (
        [f"Older records of {name} are left out: the workload has changed since." for name in changed] +
        [f"Records of {name} at a smaller scale are left out: they did other work." for name in smaller])
