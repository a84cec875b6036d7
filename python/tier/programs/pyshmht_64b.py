"""pyshmht's benchmark of one process: keys and values are the index in 64 digits, set in order and read in order.

Over the raw binding, over a wrapper that serialises values (and, as published, was given the plain index as key), and over a
wrapper that keeps values in a private dict until they are written back.
"""

import marshal
from typing import Callable, Iterator

from tier.programs.base import Load, Program, Step

_ITEMS = 300_000
_RAW = ("dict", "pyshmht", "SharedDict(bucket-table)", "SharedDict(lockfree)")
_WRAPPED = ("pyshmht", "SharedDict(bucket-table)", "SharedDict(lockfree)")
_GET_AFTER_SET = "get, clock running on"


class Wrapper:
    """Serialises values with marshal, one Python call more on each side."""

    def __init__(self, dict_) -> None:
        self.dict = dict_

    def __getitem__(self, key):
        return marshal.loads(self.dict[key])

    def __setitem__(self, key, value) -> None:
        self.dict[key] = marshal.dumps(value)


class CachingWrapper(Wrapper):
    """Sets go into a private dict until write_back()."""

    def __init__(self, dict_) -> None:
        super().__init__(dict_)
        self.cache: dict = {}

    def __getitem__(self, key):
        if key not in self.cache:
            self.cache[key] = super().__getitem__(key)
        return self.cache[key]

    def __setitem__(self, key, value) -> None:
        self.cache[key] = value

    def write_back(self) -> None:
        for key, value in self.cache.items():
            self.dict[key] = marshal.dumps(value)


def _digits(index: int) -> str:
    return f"{index:064}"


class SetThenGet(Program):
    name = "pyshmht-64b"
    total = 2 * _ITEMS
    longest_text = 80  # 64 digits, and what a serialiser adds

    def __init__(self, kind: str, rows: tuple, wrap: Callable, key: Callable) -> None:
        self._kind, self.rows, self._wrap, self._key = kind, rows, wrap, key

    def _phase(self, step: str) -> str:
        return f"{self._kind}: {step}"

    def items(self, load: Load) -> int:
        return load.share(_ITEMS)

    def steps(self, row: type) -> list[Step]:
        phase = self._phase
        if self._wrap is not CachingWrapper:
            return [Step(phase("set")), Step(phase("get")), Step(phase(_GET_AFTER_SET), after=(phase("set"), phase("get")))]
        return [Step(phase("set, cached")), Step(phase("write back"), recorded=False),
                Step(phase("set, after write-back"), after=(phase("set, cached"), phase("write back"))),
                Step(phase("get, no cache")), Step(phase("get, cached"))]

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        wrapped, key, count = self._wrap(dict_), self._key, load.share(_ITEMS)

        def set_all() -> None:
            for index in range(count):
                wrapped[key(index)] = _digits(index)

        def get_all() -> None:
            for index in range(count):
                if not wrapped[key(index)]:
                    raise KeyError(key(index))

        def do(phase: str) -> int:
            step = phase.partition(": ")[2]
            if step == "get, no cache":
                wrapped.cache.clear()
            (wrapped.write_back if step == "write back" else set_all if step.startswith("set") else get_all)()
            return count
        return do

    def expected(self, load: Load) -> Callable[[], Iterator]:
        count = load.share(_ITEMS)
        return lambda: ((self._key(index), _digits(index)) for index in range(count))

    def view(self, dict_):
        return dict_ if self._wrap is _plain else Wrapper(dict_)

    def takes(self, row: type) -> bool:
        return row.name in self.rows


def _plain(dict_):
    return dict_


PROGRAMS = [SetThenGet("raw", _RAW, _plain, _digits), SetThenGet("wrapper", _WRAPPED, Wrapper, str),
            SetThenGet("wrapper, 64-byte keys", _WRAPPED, Wrapper, _digits),
            SetThenGet("caching wrapper", _WRAPPED, CachingWrapper, _digits)]
