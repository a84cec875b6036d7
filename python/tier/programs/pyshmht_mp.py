"""pyshmht's benchmark with processes: a third of a million items; one pass sets them, two walk all that is there."""

from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_ITEMS = 333_333
_WALKS = 2


class ThreePasses(Program):
    name = "pyshmht-mp"
    processes = (1, 2, 3)
    rows = ("dict", "pyshmht", "SharedDict(lockfree)", "SharedDict(stream-log)", "SharedDict(bucket-table)",
            "SharedDict(boost-map)", "SharedDict(lmdb)", "Manager")
    total = (1 + _WALKS) * _ITEMS

    def items(self, load: Load) -> int:
        return load.processes * load.share(_ITEMS)

    def steps(self, row: type) -> list[Step]:
        return [Step("three passes")]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        letter, count = "abc"[worker], load.share(_ITEMS)

        def do(_: str) -> int:
            value = letter * 7
            for index in range(count):
                dict_[f"{index}{letter}"] = value
            for _ in range(_WALKS):
                for _ in dict_.items():
                    pass
            return count
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        count = load.share(_ITEMS)
        return lambda: ((f"{index}{letter}", letter * 7) for letter in "abc"[:load.processes] for index in range(count))

    def takes(self, row: type) -> bool:
        return row.name in self.rows


PROGRAMS = [ThreePasses()]
