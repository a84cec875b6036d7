"""Where the Python binding is, and over which engines it is tested."""

import os

from locations import BUILD

PACKAGE = BUILD / "python"
BUILT = any((PACKAGE / "dictbench").glob("_core*.so"))
SHARED_ENGINES = (
    "lockfree",
    "stream-log",
    "bucket-table",
    "blob",
    "boost-map",
    "sqlite-wal",
    "lmdb",
    "redis",
    "memcached",
)


def own_names():
    """What this process has in the shared places, and all names of dicts that tests make."""
    things = (f"dictbench-{os.geteuid()}-{os.getpid()}.", f"dictbench-name-{os.geteuid()}.test-{os.getpid()}")
    return {name for folder in ("/dev/shm", "/tmp") for name in os.listdir(folder) if name.startswith(things)}
