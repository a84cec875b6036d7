"""What is refused, and how it is told."""

import json
import os
import signal

import pytest

import dictbench
from dictbench import SharedDict


def test_the_classes():
    for name in ("Full", "TooLarge", "Disconnected", "Timeout", "Corrupt", "Unsupported", "Unavailable"):
        error = getattr(dictbench, name)
        assert issubclass(error, dictbench.Error) and error.__module__ == "dictbench" and error.__doc__
    assert not issubclass(dictbench.Error, KeyError)


def test_full_keeps_what_was_stored():
    with SharedDict(max="2M") as shared:
        with pytest.raises(dictbench.Full):
            for number in range(100_000):
                shared[number] = b"x" * 1000
        assert number > 100 and all(shared[stored] == b"x" * 1000 for stored in range(number))
        del shared[0]


def test_too_large(engine):
    largest = dictbench.contract(engine)["largest_key"]
    if largest > 1 << 20:
        pytest.skip(f"{engine} takes keys of {largest} bytes")
    with SharedDict(engine=engine) as shared:
        shared["k" * (largest - 1)] = 1
        with pytest.raises(dictbench.TooLarge):
            shared["k" * largest] = 1


def test_counters_that_are_none(shared):
    for value in ("text", b"1", 1.5, None, 2**70):
        shared["n"] = value
        with pytest.raises(dictbench.Unsupported):
            shared.add("n")
        assert shared["n"] == value
    shared["n"] = 2**63 - 1
    with pytest.raises(dictbench.TooLarge):
        shared.add("n")
    with pytest.raises(OverflowError):
        shared.add("n", 2**63)


def test_listing_that_is_not_there():
    if dictbench.engines()["memcached"] is not None:
        pytest.skip(dictbench.engines()["memcached"])
    with SharedDict(engine="memcached") as shared, pytest.raises(dictbench.Unsupported):
        list(shared)


def test_a_server_that_is_gone():
    if dictbench.engines()["redis"] is not None:
        pytest.skip(dictbench.engines()["redis"])
    with SharedDict(engine="redis") as shared:
        shared["a"] = 1
        os.kill(shared.server_pids[0], signal.SIGKILL)
        for _ in range(2):
            with pytest.raises((dictbench.Disconnected, dictbench.Unavailable)):
                for _ in range(100):
                    shared["a"]


def test_engines_and_options_that_are_none():
    with pytest.raises(ValueError, match="lockfree"):
        SharedDict(engine="none")
    with pytest.raises(ValueError, match="partitions"):
        SharedDict(wrong=1)
    with pytest.raises(ValueError, match="like 64M"):
        SharedDict(max="much")


def test_options_join_the_spec():
    with SharedDict(engine="lockfree?max=16M", partitions=16) as shared:
        assert shared.engine == "lockfree?max=16M&partitions=16"


def test_a_serializer():
    with SharedDict(serializer=json) as shared:
        shared["a"] = {"b": [1, None]}
        shared[(1, 2)] = "tuple"
        assert shared["a"] == {"b": [1, None]} and shared[(1, 2)] == "tuple"
        with pytest.raises(TypeError, match="JSON"):
            shared["a"] = {1, 2}
    with pytest.raises(TypeError, match="dumps"):
        SharedDict(serializer=object())


def test_entries_of_others_are_refused():
    """What another program stored in a server has no type of ours."""

    class Foreign:
        dumps = staticmethod(lambda value: 7)
        loads = staticmethod(lambda data: 1 // 0)

    with SharedDict(serializer=Foreign) as shared:
        with pytest.raises(TypeError):
            shared["a"] = []
        shared["p"] = 1
        with SharedDict.attach(shared.endpoint) as pickled:
            pickled["list"] = []
        with pytest.raises(ZeroDivisionError):
            shared["list"]
