"""Turns what a cell's leader reports into cell records, one a phase."""

import hashlib
import inspect
from typing import Optional

from tier import meters
from tier.cell import Cell

_NOTHING = {"ops": 0, "elapsed_s": 0.0, "workers": [], "rusage": meters.no_usage(), "memory": {}}


def cell_records(cell: Cell, run_id: str, report: dict) -> list[dict]:
    phases = report.get("phases", {})
    names = list(phases) or [step.name for step in cell.program.steps(cell.row) if step.recorded]
    return [_record(cell, run_id, name, phases.get(name, _NOTHING), report) for name in names]


def unavailable_records(cell: Cell, run_id: str, reason: str) -> list[dict]:
    return cell_records(cell, run_id, {"unavailable": reason})


def _record(cell: Cell, run_id: str, phase: str, figures: dict, report: dict) -> dict:
    status = _status(report)
    items = report.get("items", 0)
    memory = {**dict.fromkeys(("max_rss_bytes", "pss_bytes", "storage_bytes", "storage_length_bytes", "engine_bytes"), 0),
              **figures["memory"], "items": items}
    memory["bytes_per_item"] = memory["engine_bytes"] / items if items else 0.0
    elapsed = figures["elapsed_s"]
    record = {
        "type": "cell", "run_id": run_id, "tier": "python", "engine": cell.row.name, "workload": cell.program.name,
        "workload_hash": workload_hash(cell), "scale": cell.scale, "phase": phase, "processes": cell.processes,
        "repetition": cell.repetition, "start": "fork", "ops": figures["ops"], "elapsed_s": elapsed,
        "ops_per_s": figures["ops"] / elapsed if status == "ok" and elapsed > 0 else 0.0, "workers": figures["workers"],
        "rusage": figures["rusage"], "memory": memory, "verified_keys": report.get("keys", 0),
        "verified": report.get("verified", "not done: the run did not end"), "status": status,
        "engine_facts": _facts(cell, report),
    }
    if "server_rusage" in figures:
        record["server_rusage"] = figures["server_rusage"]
    return record


def _status(report: dict) -> str:
    if "unavailable" in report:
        return f"unavailable: {report['unavailable']}"
    if "failed" in report:
        return f"invalid: {report['failed']}"
    return "invalid: verification failed" if report["verified"].startswith("failed") else "ok"


def _facts(cell: Cell, report: dict) -> dict:
    locked: Optional[str] = cell.row.locked
    facts = dict(report.get("facts", {}))
    if cell.program.name == "lock-counter":
        facts["increment"] = locked or "read, add 1, write: no lock"
    return facts


def workload_hash(cell: Cell) -> str:
    """Of the program's source: records of another version of it did something else."""
    return hashlib.sha256(inspect.getsource(inspect.getmodule(type(cell.program))).encode()).hexdigest()[:16]
