"""pyshmht's raw binding `shmht`: a mapped table of 1,280-byte buckets without a lock."""

from pathlib import Path
from typing import Optional

from tier import originals
from tier.rows.base import Row

_package = originals.load("shmht")


class _Table:
    def __init__(self, number: int) -> None:
        self._number = number

    def __getitem__(self, key):
        return _package.getval(self._number, str(key) if type(key) is int else key)

    def __setitem__(self, key, value) -> None:
        _package.setval(self._number, str(key) if type(key) is int else key, str(value) if type(value) is int else value)

    def items(self) -> list:
        found: list = []
        _package.foreach(self._number, lambda key, value: found.append((key, value)))
        return found

    def __len__(self) -> int:
        return len(self.items())


class ShmhtRow(Row):
    name = "pyshmht"
    microseconds = 4

    @classmethod
    def missing(cls) -> Optional[str]:
        return originals.why_missing("shmht")

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._path, self._capacity = str(folder / "table"), max(items, 1)
        self._table = _package.open(self._path, self._capacity, 1)

    def attach(self):
        return _Table(self._table)

    def close(self) -> None:
        _package.close(self._table)
