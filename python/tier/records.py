"""Appends to a record file as results/record_writer.cc does: one whole, flushed line a record, one writer at a time."""

import fcntl
import json
import os
import secrets
import time
from pathlib import Path

from tier import host

SCHEMA = 1


class RecordError(ValueError):
    """A file that cannot be appended to; the message is one line."""


class RecordFile:
    """Holds the file's flock until close(); cuts off a last line that a killed writer left unfinished."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_APPEND, 0o666)
        except OSError as error:
            raise RecordError(f"{path}: cannot be opened for appending: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise RecordError(f"{path}: another run is writing it; choose another file") from None
        whole = os.pread(self._file, os.fstat(self._file).st_size, 0).rfind(b"\n") + 1
        os.ftruncate(self._file, whole)

    def write(self, record: dict) -> None:
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        written = 0
        while written < len(line):
            written += os.write(self._file, line[written:])

    def close(self) -> None:
        os.close(self._file)


def run_record(options: dict, versions: dict, seed: int, most_processes: int) -> dict:
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    commit, dirty = host.commit()
    return {
        "type": "run", "schema": SCHEMA, "run_id": f"{started}-{secrets.token_hex(4)}", "started": started,
        "commit": commit, "dirty": dirty, **host.build(), "versions": versions, "host": host.facts(),
        "options": options, "seed": seed, "warnings": host.warnings(most_processes),
    }
