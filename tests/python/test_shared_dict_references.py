"""Operations keep no reference and no memory that they should give back."""

import gc
import sys
import tracemalloc

import pytest


def test_no_reference_is_lost(lockfree):
    key, value, default = "key" * 50, [object, "value"], object()
    watched = (key, value, default, lockfree, type(lockfree), None)
    before = [sys.getrefcount(thing) for thing in watched]
    for _ in range(100):
        lockfree[key] = value
        lockfree[key], lockfree.get("none", default), key in lockfree
        lockfree.set_many([(key, value)])
        lockfree.get_many([key, "none"], default)
        list(lockfree.items()), lockfree.setdefault(key, value), lockfree.pop(key, default), lockfree.pop(key, default)
        lockfree.add("n")
        for operation in (lambda: lockfree[("none", 1)], lambda: lockfree[[]], lambda: lockfree.set_many([key])):
            with pytest.raises((KeyError, TypeError, ValueError)):
                operation()
    gained = [sys.getrefcount(thing) - count for thing, count in zip(watched, before)]
    assert max(gained) < 50 and min(gained[:-1]) > -50, gained  # None comes and goes elsewhere too


def test_no_memory_is_lost(lockfree):
    def work():
        for number in range(200):
            lockfree[number] = [number, "x" * 100]
            lockfree[number], lockfree.get(str(number))
        lockfree.get_many(range(200))
        lockfree.clear()

    work()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            work()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()
