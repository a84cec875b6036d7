"""Where the Python binding is, and over which engines it is tested."""

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
