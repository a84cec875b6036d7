"""py-lmdb: a memory-mapped B+ tree, a transaction a call; not synced, as the engine lmdb's default here is not durable."""

from pathlib import Path
from typing import Callable, Optional

from tier.rows.base import Row, Serving

try:
    import lmdb
except ImportError:
    lmdb = None

_MAP_BYTES = 4 << 30  # reserved addresses, not memory


class LmdbRow(Row):
    name = "py-lmdb"
    microseconds = 8
    locked = "one transaction"

    @classmethod
    def missing(cls) -> Optional[str]:
        return None if lmdb else "apt-get install python3-lmdb"

    def attach(self):
        environment = self._environment = lmdb.open(str(self.folder), map_size=_MAP_BYTES, sync=False, writemap=True,
                                                    max_readers=64)

        def get(key):
            with environment.begin(buffers=False) as transaction:
                return transaction.get(str(key).encode())

        def put(key, value) -> None:
            with environment.begin(write=True) as transaction:
                transaction.put(str(key).encode(), str(value).encode())

        def walk():
            with environment.begin() as transaction:
                yield from transaction.cursor()
        return Serving(get, put, lambda: environment.stat()["entries"], walk)

    def increment(self, dict_) -> Callable:
        def add(key: str) -> None:
            with self._environment.begin(write=True) as transaction:
                name = key.encode()
                transaction.put(name, b"%d" % (int(transaction.get(name)) + 1))
        return add
