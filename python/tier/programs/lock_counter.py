"""UltraDict's example: four processes add 1 to one counter, 100,000 times in all, and the count is to be exact."""

from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_INCREMENTS = 100_000
_KEY = "counter"


class Counter(Program):
    name = "lock-counter"
    processes = (4,)
    total = _INCREMENTS

    def items(self, load: Load) -> int:
        return 1

    def steps(self, row: type) -> list[Step]:
        return [Step("set to 0", recorded=False), Step("add")]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        count, add = load.share(_INCREMENTS), row.increment(dict_)

        def do(phase: str) -> int:
            if phase != "add":
                if worker == 0:
                    dict_[_KEY] = "0" if row.text_only else 0
                return 0
            for _ in range(count):
                add(_KEY)
            return count
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        return lambda: [(_KEY, load.processes * load.share(_INCREMENTS))]


PROGRAMS = [Counter()]
