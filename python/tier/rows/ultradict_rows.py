"""UltraDict: with its default lock, with shared_lock=True, and the private dict `.data` inside it."""

from pathlib import Path
from typing import Callable, Optional

from tier import originals
from tier.rows.base import SegmentRow

_package = originals.load("UltraDict")


class UltraDictRow(SegmentRow):
    name = "UltraDict"
    microseconds = 6
    copied_microseconds = 0.003  # a full dump every few hundred sets
    locked = "its lock"
    options: dict = {}

    @classmethod
    def missing(cls) -> Optional[str]:
        return originals.why_missing("UltraDict")

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._dict = _package.UltraDict(name=f"{self.prefix}ultra", **self.options)

    def attach(self):
        return self._dict

    def increment(self, dict_) -> Callable:
        def add(key: str) -> None:
            with dict_.lock:
                dict_[key] += 1
        return add

    def close(self) -> None:
        self._dict.close()
        super().close()


class _Locking:
    """Every set inside the lock, as the package's own benchmark does for shared_lock."""

    def __init__(self, ultra) -> None:
        self._ultra, self.lock, self.items = ultra, ultra.lock, ultra.items

    def __getitem__(self, key):
        return self._ultra[key]

    def __setitem__(self, key, value) -> None:
        with self.lock:
            self._ultra[key] = value

    def __len__(self) -> int:
        return len(self._ultra)


class UltraDictSharedLockRow(UltraDictRow):
    name = "UltraDict shared_lock"
    microseconds = 25
    options = {"shared_lock": True}

    def attach(self):
        return _Locking(_package.UltraDict(name=f"{self.prefix}ultra", shared_lock=True, auto_unlink=False))


class UltraDictDataRow(UltraDictRow):
    name = "UltraDict.data"
    shared = False
    microseconds = 0.1
    copied_microseconds = 0.0

    def attach(self):
        return self._dict.data
