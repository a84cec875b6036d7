"""shared-memory-dict: one block that holds the whole dict, pickled anew by each set and read back by each get."""

import os
from pathlib import Path
from typing import Optional

from tier import originals
from tier.rows.base import SegmentRow

os.environ["SHARED_MEMORY_USE_LOCK"] = "1"  # read when the package is imported; it protects nothing
_package = originals.load("shared_memory_dict")


class SharedMemoryDictRow(SegmentRow):
    name = "shared-memory-dict"
    microseconds = 15
    copied_microseconds = 0.15
    locked = "its lock setting"

    @classmethod
    def missing(cls) -> Optional[str]:
        return originals.why_missing("shared_memory_dict")

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._size = max(4096, 64 * items)
        self._dict = _package.SharedMemoryDict(name=f"{self.prefix}smd", size=self._size)

    def attach(self):
        return self._dict

    def close(self) -> None:
        self._dict.cleanup()
        super().close()
