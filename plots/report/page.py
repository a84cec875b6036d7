"""Puts the report together."""

from datetime import datetime, timezone
from html import escape
from pathlib import Path

from plots import summary
from plots.metrics import METRICS
from plots.records import Records
from plots.report import tables as table_html
from plots.report.svg import Inliner
from plots.style import HARNESS, PRIVATE

FILE = "report.html"


def write(folder: Path, records: Records, sections: list, tables: list) -> Path:
    """`sections`: (title, introduction, [Drawn, ...]) in the page's order. Returns the page's path."""
    inliner = Inliner()
    parts = []
    for title, introduction, pictures in sections:
        if pictures:
            figures = "\n".join(_figure(picture, inliner) for picture in pictures)
            parts.append((_id(title), title, f"<p>{escape(introduction)}</p>\n{figures}"))
    if tables:
        parts.append(("tables", "Tables", "\n".join(table_html.html(table) for table in tables)))
    missing = _not_drawn(records)
    if missing:
        parts.append(("not-drawn", "What is not drawn", missing))
    parts.append(("metrics", "What the figures mean", _definitions()))
    parts.append(("runs", "The runs", _runs(records)))

    style_sheet = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    links = "\n".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in parts)
    body = "\n".join(f'<section id="{name}"><h2>{escape(title)}</h2>\n{text}</section>' for name, title, text in parts)
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dictbench: {escape(_host(records))}</title>
<style>
{style_sheet}</style>
</head>
<body>
{inliner.letters}
<header>
<h1>dictbench report</h1>
<p class="lead">{escape(_lead(records))}</p>
<nav>{links}</nav>
</header>
<main>
{_machine(records)}
{body}
</main>
</body>
</html>
"""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page, encoding="utf-8")
    return path


def _figure(picture, inliner: Inliner) -> str:
    svg = picture.svg_file.read_text(encoding="utf-8")
    return (f'<figure id="{escape(picture.name)}">\n{inliner.inline(svg, picture.name, picture.title)}\n'
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>")


def _id(title: str) -> str:
    return "-".join(title.lower().split())


def _host(records: Records) -> str:
    return records.runs[-1].host_title if records.runs else "unknown host"


def _lead(records: Records) -> str:
    engines = {cell.label for cell in records.cells} - {HARNESS}
    workloads = {cell.workload for cell in records.cells}
    processes = sorted({cell.processes for cell in records.cells})
    last = max((run.started for run in records.runs), default="")
    told = f"{len(engines)} engines on {len(workloads)} workloads with {_listed(processes)} processes, on "
    return told + _host(records) + (f", measured {_day(last)}." if last else ".")


def _listed(numbers: list) -> str:
    texts = [str(number) for number in numbers]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def _day(started: str) -> str:
    try:
        moment = datetime.fromisoformat(started.replace("Z", "+00:00"))
    except ValueError:
        return started
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _machine(records: Records) -> str:
    facts = records.runs[-1].host if records.runs else {}
    rows = "".join(f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd{_absent(value)}>{escape(str(value))}</dd></div>"
                   for name, value in facts.items())
    warnings = list(dict.fromkeys(str(warning) for run in records.runs for warning in run.warnings))
    commits = {(run.commit, run.dirty) for run in records.runs}
    if len(commits) > 1:
        warnings.append("The figures are pooled from runs of different builds: compare engines within one run only.")
    warnings += records.notes
    told = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    box = f'<aside class="warnings"><h2>Warnings</h2><ul>{told}</ul></aside>' if told else ""
    return f'{box}<section id="machine"><h2>The machine</h2><dl class="facts">{rows}</dl></section>'


def _absent(value) -> str:
    return ' class="absent"' if str(value).startswith("unavailable") else ""


def _not_drawn(records: Records) -> str:
    found = sorted(summary.faults(records.cells).values(), key=lambda fault: fault.place)
    if not found:
        return ""
    tasks = {summary.place_of(cell).task for cell in records.cells}
    rows = "\n".join(
        f"<tr><td>{escape(fault.place.engine)}</td><td>{escape(summary.task_label(fault.place.task, tasks))}</td>"
        f'<td class="figure">{fault.place.processes}</td><td class="figure">{fault.broken} of {fault.count}</td>'
        f"<td>{escape(fault.reason)}</td></tr>" for fault in found)
    return ("<p>No speed is drawn for a repetition that was not valid, and none at all for an engine that returned "
            "wrong data in any repetition of a workload.</p>\n"
            '<div class="scroll" tabindex="0"><table><thead><tr><th>engine</th><th>workload</th>'
            '<th class="figure">processes</th><th class="figure">repetitions</th><th>reason</th></tr></thead>\n'
            f"<tbody>\n{rows}\n</tbody></table></div>")


def _definitions() -> str:
    rows = "\n".join(
        f"<tr><th scope=\"row\">{escape(metric.label)}</th><td>{escape(metric.unit)}</td><td>{metric.better}</td>"
        f"<td>{escape(metric.definition)}</td></tr>" for metric in METRICS.values())
    return (
        "<p>Every figure is the median over the repetitions of one cell. Its interval is exact: two order statistics "
        "that hold the true median with at least 95 % probability whatever the distribution (from the binomial); fewer "
        "than six repetitions cannot give that, so their whole range is shown with the coverage that it has. "
        f"The engine <code>{HARNESS}</code> does nothing and shows what the harness itself costs; "
        f"<code>{PRIVATE}</code> is a hash map in one process, which nobody shares: a ceiling, not a candidate.</p>\n"
        "<div class=\"whole\"><table><thead><tr><th>metric</th><th>unit</th><th>better</th>"
        f"<th>definition</th></tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>")


def _runs(records: Records) -> str:
    return "\n".join(_run(run) for run in records.runs) or "<p>The records name no run.</p>"


def _run(run) -> str:
    facts = {
        "started": _day(run.started), "commit": run.commit + (" (with local changes)" if run.dirty else ""),
        "compiler": run.compiler, "flags": run.flags, "build type": run.build_type, "seed": run.seed,
        **{f"version of {name}": value for name, value in run.versions.items()},
        **{f"option {name}": value for name, value in run.options.items()},
    }
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd{_absent(value)}>{escape(str(value))}</dd></div>"
                   for name, value in facts.items() if value != "")
    return f'<h3>{escape(run.run_id)}</h3><dl class="facts">{rows}</dl>'
