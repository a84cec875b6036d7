"""mpdict's benchmark, and its comparison with Redis: three processes set short keys, each under a prefix of its own.

As published, the foreground process ends before the two others begin; as meant, all three are at it together.
"""

from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_NAMES = ("Foreground", "a", "b")
AS_PUBLISHED, AS_MEANT = "as published", "as meant"


def _value(name: str) -> str:
    return (name * 10)[:10]


class ThreeWriters(Program):
    processes = (3,)

    def __init__(self, name: str, total: int, variant: str, rows=None, whole=False) -> None:
        self.name, self.total, self.variant, self.rows, self.whole = name, total, variant, rows, whole

    def items(self, load: Load) -> int:
        return load.processes * load.share(self.total)

    def steps(self, row: type) -> list[Step]:
        return [Step(self.variant, first_alone=self.variant == AS_PUBLISHED)]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        name, count = _NAMES[worker], load.share(self.total)

        def do(_: str) -> int:
            value = _value(name)
            for index in range(count):
                dict_[f"{name}{index}"] = value
            return count
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        count = load.share(self.total)
        return lambda: ((f"{name}{index}", _value(name)) for name in _NAMES[:load.processes] for index in range(count))


_REDIS_ROWS = ("redis-py", "SharedDict(redis)", "SharedDict(lockfree)", "Manager", "mpdict")
PROGRAMS = [ThreeWriters("mpdict-1m", 999_999, variant) for variant in (AS_PUBLISHED, AS_MEANT)]
PROGRAMS += [ThreeWriters("redis-100k", 99_999, variant, _REDIS_ROWS, whole=True) for variant in (AS_PUBLISHED, AS_MEANT)]
