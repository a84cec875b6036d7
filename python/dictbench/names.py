"""Names of shared dicts: one small file each, which tells the engine's spec, its address and its owner.

The file NAME lies in /dev/shm as `dictbench-name-UID.NAME`, mode 0600. Whoever reads or changes it holds a lock on it
(flock, which the kernel gives free when its holder dies), so of several that ask for a name at the same time one
creates the dict and the others find it. What a killed owner left counts as nothing, and is removed by the next one that
makes a dict of any name.

Anybody may make files in /dev/shm. So a file that others made, or could have written to, is not believed: values are
pickles, and whoever says where a dict lies says what code runs here.
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import re
import stat
from typing import Iterator, NamedTuple, Optional

from . import _core

_FOLDER = pathlib.Path("/dev/shm")
# What open(2) says of a link, of what is no regular file, and of somebody else's file.
_NOT_OURS = {errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.EPERM}
_VALID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


class Entry(NamedTuple):
    spec: str
    address: str
    owner: str  # _core.identity()


def _prefix() -> str:
    return f"dictbench-name-{os.geteuid()}."


def _path(name: str) -> pathlib.Path:
    if not _VALID.fullmatch(name):
        raise ValueError(f"name {name!r}: 1 to 100 letters, digits, '_', '-' or '.', not beginning with '-' or '.'")
    return _FOLDER / (_prefix() + name)


class Lock:
    """The locked file of a name, from entering locked() until it is left."""

    def __init__(self, path: pathlib.Path, file: int) -> None:
        self._path = path
        self._file = file

    def read(self) -> Optional[Entry]:
        """The entry, if its owner is not known to be dead."""
        text = os.pread(self._file, os.fstat(self._file).st_size, 0)
        try:
            entry = Entry(**json.loads(text))
        except (ValueError, TypeError):
            return None
        return None if _core.is_dead(entry.owner) else entry

    def write(self, entry: Entry) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(entry._asdict()).encode(), 0)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _require_own(path: pathlib.Path, file: int) -> None:
    made = os.fstat(file)
    if not stat.S_ISREG(made.st_mode) or made.st_uid != os.geteuid() or made.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _core.Unavailable(
            f"{path} is not to be trusted: it must be a regular file of user {os.geteuid()} to which nobody else may "
            f"write, and it is of user {made.st_uid} with mode {made.st_mode:o}; see who made it"
        )


@contextlib.contextmanager
def locked(name: str, wait: bool = True) -> Iterator[Lock]:
    """Locks a name; a file without an entry does not outlive the block.

    BlockingIOError where it were to wait and may not; dictbench.Unavailable where somebody else made the file.
    """
    path = _path(name)
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            raise _core.Unavailable(f"{path} cannot be opened: {error.strerror}; see who made it") from error
        try:
            _require_own(path, file)
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink == 0:
                continue  # removed while we waited for it
            lock = Lock(path, file)
            try:
                yield lock
            finally:
                if lock.read() is None:
                    lock.remove()
            return
        finally:
            os.close(file)


def find(name: str) -> Optional[Entry]:
    if not _path(name).exists():
        return None
    with locked(name) as lock:
        return lock.read()


def release(name: str, entry: Entry) -> None:
    """Takes the name away from a dict, if it still has it."""
    if not _path(name).exists():
        return
    with locked(name) as lock:
        if lock.read() == entry:
            lock.remove()


def remove_dead() -> None:
    """Removes the names whose owners were killed. Those that somebody is at work with stay."""
    for path in _FOLDER.glob(_prefix() + "*"):
        name = path.name[len(_prefix()) :]
        with contextlib.suppress(OSError, ValueError, _core.Unavailable), locked(name, wait=False):
            pass
