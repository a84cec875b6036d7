"""Forks workers that do one step after the other at the same time, and collects what each of them reports.

The leader tells every worker which step to begin by a byte on a pipe of its own, and reads one line of JSON from it when
the step is over. A worker that dies closes its pipe, which the leader sees. Workers end by os._exit: nothing that they
inherited is cleaned up by them.
"""

import gc
import json
import os
import time
from dataclasses import dataclass
from typing import Callable

from tier import meters


class WorkerFailed(Exception):
    """A worker died or raised; the message says which and why."""


@dataclass
class Worker:
    pid: int
    go: int  # a byte lets it do the next step
    said: object  # its reports, a line each


class Workers:
    """body(worker, step name) -> (operations, items of its own, note); attach() once in every worker."""

    def __init__(self, count: int, start: Callable[[int], Callable]) -> None:
        self.members = [self._fork(index, start) for index in range(count)]
        for index in range(count):
            self._hear(index)  # it has attached

    def _fork(self, index: int, start: Callable) -> Worker:
        go_read, go_write = os.pipe()
        say_read, say_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(go_write)
                _work(start, index, go_read, os.fdopen(say_write, "w"))
                code = 0
            finally:
                os._exit(code)
        os.close(go_read)
        os.close(say_write)
        return Worker(pid, go_write, os.fdopen(say_read))

    def _hear(self, index: int) -> dict:
        worker = self.members[index]
        line = worker.said.readline()
        if not line:
            _, status = os.waitpid(worker.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            raise WorkerFailed(f"worker {index} died: " + (f"signal {-code}" if code < 0 else f"exit code {code}"))
        report = json.loads(line)
        if "error" in report:
            raise WorkerFailed(f"worker {index}: {report['error']}")
        return report

    def step(self, name: str, first_alone: bool) -> list[dict]:
        """All workers do the step; with `first_alone` the others begin when worker 0 has ended."""
        order = [[0], list(range(1, len(self.members)))] if first_alone else [list(range(len(self.members)))]
        reports = {}
        for group in order:
            for index in group:
                os.write(self.members[index].go, name.encode() + b"\n")
            for index in group:
                reports[index] = self._hear(index)
        return [reports[index] for index in range(len(self.members))]

    def pids(self) -> list[int]:
        return [worker.pid for worker in self.members]

    def end(self) -> None:
        for worker in self.members:
            os.close(worker.go)
        for worker in self.members:
            os.waitpid(worker.pid, 0)


def _work(start: Callable, index: int, go: int, say) -> None:
    def tell(report: dict) -> None:
        say.write(json.dumps(report) + "\n")
        say.flush()

    try:
        do = start(index)
        tell({})
        for line in os.fdopen(go):
            tell(_timed(do, line.rstrip("\n")))
    except BaseException as error:  # an original may even raise SystemExit
        tell({"error": f"{type(error).__name__}: {error}"[:300]})


def _timed(do: Callable, step: str) -> dict:
    gc.collect()
    before, begin = meters.own_usage(), time.monotonic()
    ops = do(step)
    end, after = time.monotonic(), meters.own_usage()
    return {"ops": ops, "start": begin, "end": end, "usage": meters.difference(after, before),
            "max_rss_bytes": meters.max_rss_bytes()}


def call_in_child(function: Callable[[], object]) -> object:
    """What the function gives in a process that wrote nothing. Raises WorkerFailed."""

    def start(_: int) -> Callable:
        def do(_: str) -> object:
            return function()
        return do

    workers = Workers(1, start)
    try:
        result = workers.step("call", False)[0]["ops"]
    except WorkerFailed as failure:
        raise WorkerFailed(str(failure).replace("worker 0", "the process that reads back")) from None
    workers.end()
    return result
