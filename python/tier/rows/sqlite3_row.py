"""sqlite3 of the standard library: one table, a write-ahead log, a transaction a set."""

import sqlite3
from pathlib import Path
from typing import Callable

from tier.rows.base import Row, Serving

_PUT = "INSERT INTO d VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"


class Sqlite3Row(Row):
    name = "sqlite3"
    microseconds = 30
    locked = "one UPDATE"

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._path = folder / "dict.sqlite"
        connection = self._connect()
        connection.execute("CREATE TABLE d (k PRIMARY KEY, v) WITHOUT ROWID")
        connection.close()

    def _connect(self):
        connection = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def attach(self):
        run = self._connect().execute

        def get(key):
            row = run("SELECT v FROM d WHERE k = ?", (key,)).fetchone()
            return row and row[0]
        return Serving(get, lambda key, value: run(_PUT, (key, value)),
                       lambda: run("SELECT count(*) FROM d").fetchone()[0], lambda: run("SELECT k, v FROM d"))

    def increment(self, dict_) -> Callable:
        run = self._connect().execute
        return lambda key: run("UPDATE d SET v = v + 1 WHERE k = ?", (key,))
