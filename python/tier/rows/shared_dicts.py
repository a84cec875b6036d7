"""dictbench.SharedDict over each engine: a class an engine, all of one shape."""

from pathlib import Path
from typing import Callable, Optional

from tier import meters
from tier.rows.base import Row

try:
    import dictbench
except ImportError:
    dictbench = None

# Microseconds an operation, and for every item where a set copies them all.
_COSTS = {"lockfree": 0.5, "stream-log": 0.7, "bucket-table": 0.7, "boost-map": 1.5, "lmdb": 8, "sqlite-wal": 25,
          "redis": 40, "memcached": 40, "blob": 0.5}


class SharedDictRow(Row):
    engine = ""

    @classmethod
    def missing(cls) -> Optional[str]:
        if dictbench is None:
            return "the binding is not built; apt-get install pybind11-dev python3-dev, then ./run_all.sh build"
        try:
            dictbench.SharedDict(engine=cls.engine).close()
        except dictbench.Error as error:
            return str(error)
        return None

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        options = {}
        if self.engine == "blob":
            options = {"items": max(items, 16)}
        elif self.engine == "bucket-table":
            options = {"key": longest_text, "value": longest_text}
        self._dict = dictbench.SharedDict(engine=self.engine, **options)

    def attach(self):
        return self._dict

    def increment(self, dict_) -> Callable:
        return lambda key: dict_.add(key, 1)

    def storage(self) -> tuple[int, int]:
        """The engine tells the blocks in use; a single file behind it also its length."""
        used = self._dict.storage_bytes
        address = Path("/dev/shm") / self._dict.endpoint.rpartition("@")[2].lstrip("/")
        return used, max(used, meters.files_size([address])[1] if address.is_file() else 0)

    def server_pids(self) -> list[int]:
        return self._dict.server_pids

    def close(self) -> None:
        self._dict.close()


def _row(engine: str, microseconds: float) -> type:
    copied = 0.02 if engine == "blob" else 0.0
    return type(f"SharedDict_{engine}", (SharedDictRow,),
                {"name": f"SharedDict({engine})", "engine": engine, "microseconds": microseconds,
                 "copied_microseconds": copied, "locked": "atomic add"})


SHARED_DICTS = [_row(engine, microseconds) for engine, microseconds in _COSTS.items()]
