"""multiprocessing.Manager().dict(): a server process that every call asks through a socket."""

import multiprocessing
from pathlib import Path
from typing import Callable

from tier.rows.base import Row


class ManagerRow(Row):
    name = "Manager"
    microseconds = 60
    locked = "the manager's lock"

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._manager = multiprocessing.get_context("fork").Manager()
        self._dict = self._manager.dict()
        self._lock = self._manager.Lock()

    def attach(self):
        return self._dict

    def increment(self, dict_) -> Callable:
        def add(key: str) -> None:
            with self._lock:
                dict_[key] = dict_[key] + 1
        return add

    def server_pids(self) -> list[int]:
        return [self._manager._process.pid]

    def close(self) -> None:
        self._manager.shutdown()
