"""Twenty needs of real services, asked of the committed records: which engines are right, and which must not be named.

The answers are judgements of a reader who knows the engines: "right" holds every engine that he would accept as the
best, "wrong" those that must not fit, "why" words of the reason that the answer gives for one of these.
"""

import json
from typing import NamedTuple

import pytest

HOST = "amd-epyc-2-cores"
NEAR = {"lockfree", "bucket-table"}  # not told apart where values are short


class Need(NamedTuple):
    what: str
    ask: str
    right: set  # of the best; empty: nothing may fit
    wrong: set = frozenset()
    why: str = ""


NEEDS = [
    Need("a cache", "--reads 0.95", NEAR, {"local", "null"}),
    Need("a cache whose workers may die", "--reads 0.95 --must survives-kill,linearizable", NEAR, {"boost-map"},
         "does not survive a killed writer"),
    Need("eight web workers share pages", "--processes 8 --reads 0.95 --value-size 500 --must survives-kill,no-server", {"lockfree"},
         {"redis", "memcached", "boost-map"}, "measured with 2 processes, you asked 8"),
    Need("sessions", "--reads 0.5 --value-size 1000 --must survives-kill", {"lockfree"}, {"bucket-table", "boost-map"},
         "values of 64 B at most"),
    Need("sessions that outlive the machine", "--reads 0.5 --value-size 1000 --must durable", {"sqlite-wal?sync=full", "lmdb?sync=full"},
         {"sqlite-wal", "lmdb", "redis"}, "not durable across a restart"),
    Need("a rate limiter", "--reads 0 --writes-are adds --must survives-kill", NEAR, {"boost-map"}),
    Need("feature flags", "--reads 1 --items 10000", {"lockfree", "bucket-table", "stream-log", "blob"}, {"local"}),
    Need("a queue", "--reads 0 --writes-are churn --must survives-kill", NEAR, {"boost-map"}),
    Need("an index read in ranges", "--reads 0.95 --reads-are scans --value-size 1000", {"lmdb", "boost-map"},
         {"lockfree", "redis", "stream-log"}, "not ordered"),
    Need("such an index that is durable", "--reads 0.95 --reads-are scans --value-size 1000 --must durable", set(), {"lmdb"},
         "dictbench run --engine 'lmdb?sync=full' --workload ycsb-e"),
    Need("pictures of 100 kB", "--reads 1 --value-size 100K", {"lockfree", "stream-log", "boost-map", "lmdb", "blob"},
         {"bucket-table"}),
    Need("more than the memory can move", "--reads 0.5 --value-size 64K --ops 3M/s --p99 1us", set(), {"lockfree"}),
    Need("little memory", "--reads 0.95 --max-bytes-per-item 60", {"lockfree"}, {"bucket-table", "stream-log"}, "an item > 60 B"),
    Need("the least memory", "--reads 0.95 --rank-by memory", {"sqlite-wal"}),
    Need("a tail below ten microseconds", "--reads 0.95 --p99 10us", {"lockfree"}, {"redis", "lmdb"}, "at 10,000 operations a second"),
    Need("half a million operations of 1 kB", "--reads 0.95 --value-size 1000 --ops 500k/s", {"lockfree"},
         {"redis", "memcached", "sqlite-wal"}, "is below 500 k/s"),
    Need("churn of values that nobody measured",
         "--reads 0 --writes-are churn --value-size 2K --items 500k --must survives-kill,listing --p99 200us", set(),
         {"local", "lockfree"}, "--write-workload need.toml"),
    Need("a speed that no memory has", "--reads 0.95 --ops 900G/s", set(), {"lockfree"}, "is below 900 G/s"),
    Need("one process alone", "--processes 1 --reads 0.95", {"lockfree", "bucket-table", "local"}, {"null"}),
    Need("keys listed in order", "--reads 0.95 --must binary-keys,listing,ordered", {"boost-map"}, {"lockfree", "memcached"},
         "not ordered"),
]


def answer(dictbench, need):
    result = dictbench("choose", "--host", HOST, "--format", "json", *need.ask.split())
    assert result.returncode in (0, 1, 3), result.stderr
    return result.returncode, json.loads(result.stdout), result.stdout


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.what)
def test_a_need_is_answered_as_one_who_knows_would(dictbench, need):
    code, tables, text = answer(dictbench, need)
    fits = [row[0] for row in tables[0]["rows"]] if code == 0 else []
    if need.right:
        assert fits and fits[0] in need.right, text
    else:
        assert not fits, text
    assert not need.wrong & set(fits), text
    assert need.why in text


def test_there_are_twenty():
    assert len(NEEDS) == 20 and len({need.ask for need in NEEDS}) == 20
