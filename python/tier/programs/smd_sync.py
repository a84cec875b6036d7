"""shared-memory-dict's benchmarks without asyncio: few keys, every set writing and every get reading the whole dict."""

from string import ascii_lowercase
from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_ROUNDS = 100
_SETS, _GETS, _HITS = 5, 10, 4  # of ten gets six miss
_ROWS = ("dict", "shared-memory-dict", "UltraDict", "SharedDict(lockfree)", "SharedDict(blob)", "SharedDict(stream-log)",
         "Manager", "redis-py")


class Aggressive(Program):
    """For each letter 5 sets, then 10 gets; 100 times. Of several processes each has keys of its own."""

    name = "smd-sync"
    processes = (1, 2)
    rows = _ROWS
    total = _ROUNDS * 26 * (_SETS + _GETS)

    def items(self, load: Load) -> int:
        return load.processes * 26 * _SETS

    def steps(self, row: type) -> list[Step]:
        return [Step("aggressive")]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        keys = [[f"{worker}{letter}{index}" for index in range(_SETS + _GETS)] for letter in ascii_lowercase]
        rounds = max(1, int(_ROUNDS * load.scale))

        def do(_: str) -> int:
            for _ in range(rounds):
                for letter in keys:
                    for key in letter[:_SETS]:
                        dict_[key] = 1
                    for key in letter[_SETS - _HITS:_SETS - _HITS + _GETS]:
                        try:
                            dict_[key]
                        except KeyError:
                            pass
            return rounds * 26 * (_SETS + _GETS)
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        return lambda: ((f"{worker}{letter}{index}", 1) for worker in range(load.processes)
                        for letter in ascii_lowercase for index in range(_SETS))


class Fun(Program):
    """One set, three gets; 100 times."""

    name = "smd-sync"
    rows = _ROWS
    total = _ROUNDS * 4

    def items(self, load: Load) -> int:
        return 1

    def steps(self, row: type) -> list[Step]:
        return [Step("fun")]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        def do(_: str) -> int:
            for index in range(_ROUNDS):
                dict_["key"] = index
                for _ in range(3):
                    dict_["key"]
            return self.total
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        return lambda: [("key", _ROUNDS - 1)]


PROGRAMS = [Aggressive(), Fun()]
