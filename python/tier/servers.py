"""A private server for a row: found, started on a socket in the cell's folder, ended by its process id."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, Optional

_PATIENCE_S = 10


def find(*programs: str) -> Optional[str]:
    return next((path for path in map(shutil.which, programs) if path), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Runs from the constructor, which returns when `answers` says so, until end()."""

    def __init__(self, command: list, folder: Path, answers: Callable[[], bool]) -> None:
        self._log = open(folder / "server.log", "wb")
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + _PATIENCE_S
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.end()
                last = (folder / "server.log").read_text(errors="replace").strip().rpartition("\n")[2]
                raise RuntimeError(f"{command[0]} did not start: {last or 'it says nothing'}")
            time.sleep(0.01)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
