"""What the report tells in words and facts: what was asked, the machine, warnings, runs, what is not drawn."""

from datetime import datetime, timezone

from plots import summary
from plots.metrics import METRICS
from plots.records import Records
from plots.report import grid
from plots.report.appendix import Appendix
from plots.style import HARNESS, PRIVATE

QUESTION = "Which shared dictionary should my processes use on this machine?"


def title(records: Records) -> str:
    return records.runs[-1].host_title if records.runs else "unknown host"


def lead(records: Records) -> str:
    engines = {cell.label for cell in records.cells} - {HARNESS}
    workloads = {cell.workload for cell in records.cells}
    last = max((run.started for run in records.runs), default="")
    told = f"{counted(len(engines), 'engine')} on {counted(len(workloads), 'workload')}, {title(records)}"
    return told + (f", measured {_day(last)[:10]}." if last else ".")


def asked(records: Records) -> list:
    """(name, texts)."""
    engines = sorted({cell.label for cell in records.cells})
    own = {HARNESS: "the harness alone", PRIVATE: "private to each process"}
    processes = sorted({cell.processes for cell in records.cells})
    repetitions = sorted({found.count for found in summary.summarise(
        records.cells, METRICS["throughput"]).values()}) or [0]
    days = sorted({_day(run.started) for run in records.runs if run.started})
    commits = list(dict.fromkeys(run.commit[:12] + (" with local changes" if run.dirty else "") for run in records.runs))
    found = [
        ("Question", [QUESTION]),
        ("Engines", [f"{name} ({own[name]})" if name in own else name for name in engines]),
        ("Workloads", list(dict.fromkeys(sorted(cell.workload for cell in records.cells)))),
        ("Processes", [str(count) for count in processes]),
        ("Repetitions", [" to ".join(str(count) for count in dict.fromkeys((repetitions[0], repetitions[-1])))]),
        ("Host", [title(records)]),
        ("Measured", [" to ".join(dict.fromkeys((days[0], days[-1])))] if days else []),
        ("Commit", commits),
    ]
    return [(name, texts) for name, texts in found if texts]


def machine(records: Records) -> list:
    """(name, value, whether it is unavailable)."""
    host = records.runs[-1].host if records.runs else {}
    return [(name.replace("_", " "), str(value), _absent(value)) for name, value in host.items()]


def warnings(records: Records) -> list:
    found = list(dict.fromkeys(str(warning) for run in records.runs for warning in run.warnings))
    if len({(run.commit, run.dirty) for run in records.runs}) > 1:
        found.append("The figures are pooled from runs of different builds: compare engines within one run only.")
    return found + records.notes


def not_drawn(records: Records, appendix: Appendix) -> grid.Grid:
    faults = sorted(summary.faults(records.cells).values(), key=lambda fault: fault.place)
    groups = summary.by_place(records.cells)
    tasks = {summary.place_of(cell).task for cell in records.cells}
    rows = [[grid.GridCell(fault.place.engine), grid.GridCell(summary.task_label(fault.place.task, tasks)),
             grid.GridCell(str(fault.place.processes), fault.place.processes),
             grid.GridCell(f"{fault.broken} of {fault.count}", fault.broken, appendix.of_cell(groups[fault.place][0])),
             grid.GridCell(fault.reason)] for fault in faults]
    heads = [("engine", ""), ("workload", ""), ("processes", ""), ("repetitions", ""), ("reason", "")]
    return grid.Grid("not-drawn-cells", "Cells without a figure", grid.columns(heads, rows), rows)


def runs(records: Records) -> list:
    """(run id, [(name, value, whether it is unavailable)])."""
    return [(run.run_id, _facts_of(run)) for run in records.all_runs]


def _facts_of(run) -> list:
    found = {
        "started": _day(run.started), "commit": run.commit + (" (with local changes)" if run.dirty else ""),
        "host": run.host_title, "compiler": run.compiler, "flags": run.flags, "build type": run.build_type,
        "seed": run.seed,
        **{f"version of {name}": value for name, value in run.versions.items()},
        **{f"option {name}": value for name, value in run.options.items()},
    }
    return [(name, str(value), _absent(value)) for name, value in found.items() if value != ""]


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _day(started: str) -> str:
    try:
        moment = datetime.fromisoformat(started.replace("Z", "+00:00"))
    except ValueError:
        return started
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _absent(value) -> bool:
    return str(value).startswith("unavailable")
