"""mpdict: a std::map in a Boost.Interprocess segment, without a lock."""

import os
from pathlib import Path
from typing import Callable, Iterable, Optional

from tier import originals
from tier.rows.base import Row, segment_prefix

_package = originals.load("mpdict")

_BYTES_PER_ITEM = 100  # what its own benchmark gives the segment


class MpdictRow(Row):
    name = "mpdict"
    microseconds = 0.5
    text_only = True

    @classmethod
    def missing(cls) -> Optional[str]:
        return None if _package else "not installed, and not in the package index; where it can be imported it is measured"

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._name = f"{segment_prefix(os.getpid())}mpdict"
        self._dict = _package.MPDict("dict", max(items, 1000) * _BYTES_PER_ITEM, self._name)

    def attach(self):
        return self._dict

    def increment(self, dict_) -> Callable:
        def add(key: str) -> None:
            dict_[key] = str(int(dict_[key]) + 1)
        return add

    def files(self) -> Iterable[Path]:
        return Path("/dev/shm").glob(f"{self._name}*")

    def close(self) -> None:
        for path in self.files():
            path.unlink(missing_ok=True)
