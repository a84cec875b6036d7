"""Versions of the packages behind the rows, for the run record."""

import importlib.metadata
import sqlite3

_PACKAGES = {"redis-py": "redis", "pymemcache": "pymemcache", "py-lmdb": "lmdb", "UltraDict": "ultradict",
             "shared-memory-dict": "shared-memory-dict", "pyshmht": "pyshmht", "mpdict": "mpdict"}


def versions(rows: list) -> dict:
    found = {}
    for row in rows:
        if row.name == "sqlite3":
            found[row.name] = sqlite3.sqlite_version
        package = _PACKAGES.get(row.name)
        if package is None or row.missing():
            continue
        try:
            found[row.name] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[row.name] = "of unknown version"
    return found
