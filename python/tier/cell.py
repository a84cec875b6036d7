"""One repetition of one program over one row, in a process group of its own: what crashes or hangs takes nothing with it.

The runner forks a leader (leader.py), which makes the shared thing, forks the workers, leads them through the steps, has a
process that wrote nothing read everything back, and reports. A leader that has not reported in time is killed with all
that it started; what it left in shared memory is removed by its name.
"""

import json
import os
import select
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tier.programs.base import Program
from tier.rows.base import segment_prefix
from tier.workers import WorkerFailed


@dataclass(frozen=True)
class Cell:
    program: Program
    row: type
    processes: int
    repetition: int
    scale: float


def run_cell(cell: Cell, timeout_s: float) -> dict:
    """The leader's report, or {"failed": why}."""
    folder = Path(tempfile.mkdtemp(prefix=f"{segment_prefix(os.getpid())}cell-", dir="/dev/shm"))
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _lead(cell, folder, write)
    os.close(write)
    text, hung, status = b"", True, 0
    try:
        text, hung = _hear(read, timeout_s)
    finally:
        os.close(read)
        status = _end(pid)
        for left in Path("/dev/shm").glob(f"*{segment_prefix(pid)}*"):
            left.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    if hung:
        return {"failed": f"hung: ended after {timeout_s:g} s"}
    return json.loads(text) if text else {"failed": f"died: {_ending(status)}"}


def remove_leftovers() -> None:
    """What killed runners and leaders left: their process ids are in the names, and are nobody's."""
    for path in Path("/dev/shm").glob(f"*dictbench-{os.geteuid()}-*.tier-*"):
        pid = path.name.partition(f"dictbench-{os.geteuid()}-")[2].partition(".")[0]
        if os.path.exists(f"/proc/{pid}"):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _lead(cell: Cell, folder: Path, write: int) -> None:
    """Never returns."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):  # packages print when they fail; what counts is in the report
        os.dup2(nowhere, output)
    from tier.leader import Leader  # it needs Cell

    try:
        report = Leader(cell, folder).run()
    except WorkerFailed as failure:
        report = {"failed": str(failure)}
    except BaseException as error:
        report = {"failed": f"{type(error).__name__}: {error}"[:300]}
    with os.fdopen(write, "w") as pipe:
        json.dump(report, pipe)
    os._exit(0)


def _hear(read: int, timeout_s: float) -> tuple[bytes, bool]:
    """(what the leader said until it closed its end, whether it did not do so in time)."""
    text, deadline = b"", time.monotonic() + timeout_s
    while select.select([read], [], [], max(0, deadline - time.monotonic()))[0]:
        piece = os.read(read, 65536)
        if not piece:
            return text, False
        text += piece
    return text, True


def _end(leader: int) -> int:
    """Kills what is left of the leader's group; its status."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:  # it ended, or has no group of its own yet
        pass
    try:
        os.kill(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return os.waitpid(leader, 0)[1]


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"
