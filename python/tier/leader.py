"""What the leading process of a cell does: makes the shared thing, leads its workers through the steps, reads all back."""

from pathlib import Path

from tier import meters
from tier.cell import Cell
from tier.programs.base import Load, wrong_values
from tier.workers import Workers, call_in_child

_READ_BACK = "read back"


class Leader:
    """Lives in the leading process."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self.cell = cell
        self.load = Load(cell.scale, cell.processes)
        self.steps = cell.program.steps(cell.row)
        self.row = cell.row(folder, cell.program.items(self.load), cell.program.longest_text)

    def run(self) -> dict:
        try:
            workers = Workers(self.cell.processes, self._start)
            attached = sum(meters.memory_of(pid)[1] for pid in workers.pids())
            phases = self._phases(workers, attached)
            found = self._read_back(workers)
            workers.end()
            return {"phases": phases, "facts": self.row.facts(), **found}
        finally:
            self.row.close()

    def _start(self, worker: int):
        dict_ = self.row.attach()
        do = self.cell.program.start(self.row, dict_, worker, self.load)
        return lambda step: self._compare(dict_) if step == _READ_BACK else do(step)

    def _compare(self, dict_) -> list:
        keys, wrong = wrong_values(self.cell.program.view(dict_), self.cell.program.expected(self.load))
        return [keys, wrong, len(dict_)]

    def _phases(self, workers: Workers, attached: int) -> dict:
        phases: dict = {}
        for step in self.steps:
            if step.after:
                phases[step.name] = _joined([phases[name] for name in step.after])
                continue
            tries = [self._phase(workers, step, attached) for _ in range(step.best_of)]
            phases[step.name] = min(tries, key=lambda phase: phase["elapsed_s"])
        return {step.name: phases[step.name] for step in self.steps if step.recorded}

    def _phase(self, workers: Workers, step, attached: int) -> dict:
        servers = self.row.server_pids()
        before = meters.usage_of(servers)
        reports = workers.step(step.name, step.first_alone)
        after = meters.usage_of(servers)
        first = min(report["start"] for report in reports)
        usage = meters.no_usage()
        for report in reports:
            usage = meters.add(usage, report["usage"])
        phase = {
            "ops": sum(report["ops"] for report in reports),
            "elapsed_s": max(report["end"] for report in reports) - first,
            "workers": [{"ops": report["ops"], "start_s": report["start"] - first, "end_s": report["end"] - first,
                         "usage": report["usage"], "max_rss_bytes": report["max_rss_bytes"]} for report in reports],
            "rusage": usage,
            "memory": self._memory(workers, servers, attached),
        }
        if servers:
            phase["server_rusage"] = meters.difference(after, before)
        phase["memory"]["max_rss_bytes"] = max(report["max_rss_bytes"] for report in reports)
        return phase

    def _memory(self, workers: Workers, servers: list, attached: int) -> dict:
        of_workers = [meters.memory_of(pid) for pid in workers.pids()]
        of_servers = [meters.memory_of(pid) for pid in servers]
        used, length = self.row.storage()
        growth = max(0, sum(anonymous for _, anonymous in of_workers) - attached)
        return {"pss_bytes": sum(pss for pss, _ in of_workers + of_servers), "storage_bytes": used,
                "storage_length_bytes": length,
                "engine_bytes": growth + sum(anonymous for _, anonymous in of_servers) + used}

    def _read_back(self, workers: Workers) -> dict:
        if not self.row.stores:
            return {"verified": "not applicable: stores nothing", "keys": 0, "items": 0}
        if self.row.shared:
            keys, wrong, items = call_in_child(lambda: self._compare(self.row.attach()))
            return {"verified": f"failed: {wrong}; {items:,} are counted" if wrong else "ok", "keys": keys, "items": items}
        if self.cell.processes > 1:
            return {"verified": "not applicable: each process has a dict of its own", "keys": 0, "items": 0}
        keys, wrong, items = workers.step(_READ_BACK, False)[0]["ops"]
        return {"verified": f"failed: {wrong}" if wrong else "ok", "keys": keys, "items": items}


def _joined(phases: list) -> dict:
    """Steps of which the clock ran through: the operations of the last, the time of all."""
    joined = dict(phases[-1], elapsed_s=sum(phase["elapsed_s"] for phase in phases))
    for phase in phases[:-1]:
        joined["rusage"] = meters.add(joined["rusage"], phase["rusage"])
    return joined
