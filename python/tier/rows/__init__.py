"""All rows, in the order in which they are listed. Importing this imports the packages that are there."""

from tier.rows.manager import ManagerRow
from tier.rows.mpdict_row import MpdictRow
from tier.rows.plain_dict import EmptyCall, PlainDict
from tier.rows.py_lmdb import LmdbRow
from tier.rows.pymemcache_row import PymemcacheRow
from tier.rows.pyshmht_rows import ShmhtRow
from tier.rows.redis_py import RedisRow, RedisTcpRow
from tier.rows.shared_dicts import SHARED_DICTS
from tier.rows.shared_memory_dict_row import SharedMemoryDictRow
from tier.rows.sqlite3_row import Sqlite3Row
from tier.rows.ultradict_rows import UltraDictDataRow, UltraDictRow, UltraDictSharedLockRow

ROWS = [PlainDict, EmptyCall, *SHARED_DICTS, ManagerRow, RedisRow, RedisTcpRow, PymemcacheRow, Sqlite3Row, LmdbRow,
        UltraDictRow, UltraDictSharedLockRow, UltraDictDataRow, SharedMemoryDictRow, MpdictRow, ShmhtRow]
BY_NAME = {row.name: row for row in ROWS}
