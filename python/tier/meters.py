"""What a process and a file cost, from the kernel: the same figures as harness/meters/."""

import os
import resource
from pathlib import Path
from typing import Iterable

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_USAGE = ("user_s", "system_s", "minor_faults", "major_faults", "voluntary_switches", "involuntary_switches")


def no_usage() -> dict:
    return dict.fromkeys(_USAGE, 0)


def own_usage() -> dict:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return dict(zip(_USAGE, (usage.ru_utime, usage.ru_stime, usage.ru_minflt, usage.ru_majflt, usage.ru_nvcsw,
                             usage.ru_nivcsw)))


def usage_of(pids: Iterable[int]) -> dict:
    """Of other processes, all threads; one that is gone counts as nothing."""
    total = no_usage()
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            switches = [_switches(thread / "status") for thread in Path(f"/proc/{pid}/task").iterdir()]
        except OSError:
            continue
        minor, major, user, system = (int(fields[field]) for field in (7, 9, 11, 12))
        total = add(total, dict(zip(_USAGE, (user * _TICK, system * _TICK, minor, major,
                                             sum(s[0] for s in switches), sum(s[1] for s in switches)))))
    return total


def _switches(status: Path) -> tuple:
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if "ctxt_switches" in line)
    return int(lines.get("voluntary_ctxt_switches", 0)), int(lines.get("nonvoluntary_ctxt_switches", 0))


def add(one: dict, other: dict) -> dict:
    return {name: one[name] + other[name] for name in _USAGE}


def difference(after: dict, before: dict) -> dict:
    return {name: max(0, after[name] - before[name]) for name in _USAGE}


def max_rss_bytes() -> int:
    """Of the calling process, its whole life."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory_of(pid: int) -> tuple[int, int]:
    """(PSS, its anonymous part) in bytes; nothing of a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("Pss:", "Pss_Anon:"))}
    return kib.get("Pss", 0) * 1024, kib.get("Pss_Anon", 0) * 1024


def files_size(paths: Iterable[Path]) -> tuple[int, int]:
    """(blocks in use, length) in bytes of the files that are there."""
    used = length = 0
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        used += status.st_blocks * 512
        length += status.st_size
    return used, length
