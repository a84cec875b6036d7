"""What a row is: one Python dict that processes could share, behind the few calls that a program needs.

A row object lives in the cell's leading process, which makes the shared thing with it and ends it with close(). Workers
are forked after that and call attach() once; what it gives is used by one process. It must know d[key], d[key] = value,
len(d) and d.items(); keys and values are text or int, and bytes or text may come back for them.
"""

import os
from multiprocessing import shared_memory
from pathlib import Path
from typing import Callable, Iterable, Optional

from tier import meters


class Row:
    name = ""
    shared = True
    stores = True  # False: the loop's own cost, nothing to verify
    text_only = False  # takes no numbers
    locked = None  # a sentence where a lock is taken round each increment, or the row's own atomic add is used
    microseconds = 1.0  # about what one operation takes: how many fit into a cell's time
    copied_microseconds = 0.0  # and for every item there is, where a set copies the whole dict
    most_items: Optional[int] = None

    @classmethod
    def missing(cls) -> Optional[str]:
        """Why it cannot be used here, with what to do about it."""
        return None

    @classmethod
    def cost(cls, items: int) -> float:
        return cls.microseconds + cls.copied_microseconds * items

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        self.folder = folder

    def attach(self):
        raise NotImplementedError

    def increment(self, dict_) -> Optional[Callable[[str], object]]:
        """A call that adds 1 to a counter as the package's users would; nothing where there is no way."""
        def add(key: str) -> None:
            dict_[key] = int(dict_[key]) + 1
        return add

    def files(self) -> Iterable[Path]:
        return self.folder.rglob("*")

    def storage(self) -> tuple[int, int]:
        return meters.files_size(path for path in self.files() if path.is_file())

    def server_pids(self) -> list[int]:
        return []

    def facts(self) -> dict:
        return {}

    def close(self) -> None:
        pass


class SegmentRow(Row):
    """One over multiprocessing.shared_memory: all its segments get names that tell whose they are.

    A package that is killed leaves its segments, so close() removes what is there of this process.
    """

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self.prefix = segment_prefix(os.getpid())
        shared_memory._SHM_NAME_PREFIX = f"/{self.prefix}"
        shared_memory._SHM_SAFE_NAME_LENGTH = len(self.prefix) + 17

    def files(self) -> Iterable[Path]:
        return Path("/dev/shm").glob(f"*{self.prefix}*")

    def close(self) -> None:
        for path in self.files():
            path.unlink(missing_ok=True)


def segment_prefix(leader: int) -> str:
    """Begins or is in the name of every segment of the cell that this process leads."""
    return f"dictbench-{os.geteuid()}-{leader}.tier-"


class Serving:
    """A package's calls as a mapping, for clients that have no d[key] of their own."""

    def __init__(self, get: Callable, put: Callable, count: Callable, walk: Callable) -> None:
        self._get, self._put, self._count, self._walk = get, put, count, walk

    def __getitem__(self, key):
        return self._get(key)

    def __setitem__(self, key, value) -> None:
        self._put(key, value)

    def __len__(self) -> int:
        return self._count()

    def items(self):
        return self._walk()
