"""UltraDict's benchmarks: one key of a dict read, then written, in a bare loop.

`ultra-rank` is its ranking: a dict of that one key. `ultra-10k` is its README's: 10,000 integers in the dict, and for the
later version the best of five writes.
"""

import os
from itertools import repeat
from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_OPERATIONS = 1_000_000


def _read(dict_, count: int) -> None:
    for _ in repeat(None, count):
        dict_[1]


def _write(dict_, count: int) -> None:
    for _ in repeat(None, count):
        dict_[1] = 1


class OneKey(Program):
    total = 2 * _OPERATIONS

    def __init__(self, name: str, items: int, steps: list, rows: tuple = None, processes: tuple = (1,)) -> None:
        self.name, self._items, self._steps, self.rows, self.processes = name, items, steps, rows, processes

    def items(self, load: Load) -> int:
        return self._items

    def steps(self, row: type) -> list[Step]:
        return self._steps

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        # The number of operations does not depend on how many processes there are: each does as many.
        count = max(1, int(_OPERATIONS * load.scale))
        if row.stores and (worker == 0 or not row.shared):
            for key in range(self._items):
                dict_[key] = key
            dict_[1] = 1

        def do(phase: str) -> int:
            (_read if phase == "read" else _write)(dict_, count)
            return count
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        return lambda: ((key, key) for key in ({1} | set(range(self._items))))

    def takes(self, row: type) -> bool:
        return row.name in self.rows if self.rows is not None else not row.text_only


_RANK_PROCESSES = (1, max(2, min(4, os.cpu_count() or 1)))
_README_ROWS = ("dict", "empty call", "UltraDict", "UltraDict.data", "Manager", "redis-py over TCP", "SharedDict(lockfree)",
                "SharedDict(stream-log)")
PROGRAMS = [OneKey("ultra-rank", 0, [Step("write"), Step("read")], processes=_RANK_PROCESSES),
            OneKey("ultra-10k", 10_000, [Step("read"), Step("write"), Step("write, best of 5", best_of=5)], _README_ROWS)]
