"""What a mapping does, on every engine."""

import collections.abc
import enum

import pytest

VALUES = [
    0,
    -1,
    2**63 - 1,
    -(2**63),
    2**63,
    -(2**200),
    "",
    "text",
    "naïve \N{SNOWMAN} \N{GRINNING FACE}",
    "lone \udc80 surrogate",
    "zero \0 inside",
    b"",
    b"\x00\xff bytes",
    "x" * 50,
    None,
    True,
    False,
    1.5,
    float("inf"),
    (1, "two", b"three"),
    [1, [2]],
    {"a": {"b": 1}},
    bytearray(b"mutable"),
]


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(lockfree, value):
    lockfree["key"] = value
    assert lockfree["key"] == value
    assert type(lockfree["key"]) is type(value)


def test_values_of_all_types_on_every_engine(shared):
    for number, value in enumerate(VALUES):
        shared[number] = value
    assert [shared[number] for number in range(len(VALUES))] == VALUES


def test_objects_of_subclasses_come_back_as_what_they_were(lockfree):
    lockfree["colour"] = Colour.RED
    assert lockfree["colour"] is Colour.RED


def test_set_get_overwrite_delete(shared):
    assert "a" not in shared
    shared["a"] = 1
    shared["a"] = "one"
    assert "a" in shared and shared["a"] == "one" and len(shared) == 1
    del shared["a"]
    assert "a" not in shared and len(shared) == 0
    with pytest.raises(KeyError):
        del shared["a"]
    with pytest.raises(KeyError):
        shared["a"]


def test_keys_of_different_types_are_different(shared):
    shared[1], shared["1"], shared[b"1"] = "int", "str", "bytes"
    assert (shared[1], shared["1"], shared[b"1"]) == ("int", "str", "bytes")
    assert len(shared) == 3


def test_keys_that_python_holds_equal_are_equal(shared):
    shared[1] = "one"
    assert shared[True] == shared[1.0] == shared[Colour.RED] == "one"
    assert shared.get(-0.0) is None
    shared[0] = "zero"
    assert shared[-0.0] == shared[False] == "zero"


def test_keys_of_other_types(shared):
    first, second = "ab", "".join(["a", "b"])  # equal, not identical
    shared[(first, first, 1)] = 1
    shared[2.5] = 2
    shared[None] = 3
    shared["with spaces %20\n"] = 4
    shared[frozenset()] = 5
    assert shared[(first, second, 1)] == 1
    assert [shared[key] for key in (2.5, None, "with spaces %20\n", frozenset())] == [2, 3, 4, 5]


def test_an_unhashable_key_is_refused(lockfree):
    with pytest.raises(TypeError, match="unhashable"):
        lockfree[[1]] = 1
    with pytest.raises(TypeError, match="unhashable"):
        lockfree[{}]


def test_key_errors_tell_the_key(lockfree):
    for key in ("missing", 7, (1, 2)):
        with pytest.raises(KeyError) as told:
            lockfree[key]
        assert told.value.args == (key,)


def test_get_pop_setdefault(shared):
    assert shared.get("a") is None and shared.get("a", 5) == 5
    assert shared.setdefault("a", 1) == 1 and shared.setdefault("a", 2) == 1
    assert shared.pop("a") == 1 and shared.pop("a", "gone") == "gone"
    with pytest.raises(KeyError):
        shared.pop("a")


def test_batches(shared):
    shared.set_many({number: str(number) for number in range(600)})
    shared.set_many((("pair", 1), ["list", 2]))
    shared.set_many([])
    assert shared.get_many([0, "none", 599, "pair"]) == ["0", None, "599", 1]
    assert shared.get_many(range(601), default := "-")[-2:] == ["599", default]
    assert shared.get_many(number for number in ()) == []
    assert len(shared) == 602
    with pytest.raises(ValueError):
        shared.set_many([(1, 2, 3)])
    with pytest.raises(TypeError):
        shared.set_many([1])
    with pytest.raises(ZeroDivisionError):
        shared.get_many(1 // number for number in (1, 0))


def test_update(shared):
    shared.update({"a": 1}, b=2)
    shared.update([("a", 3)])
    assert shared.get_many(["a", "b"]) == [3, 2]


def test_add(shared):
    assert shared.add("n") == 1 and shared.add("n", 41) == 42 and shared["n"] == 42
    shared["n"] = -5
    assert shared.add("n", -1) == -6 and shared.get("n") == -6


@pytest.mark.listing
def test_listing(shared):
    plain = {"a": 1, 2: "b", b"c": None, (1, 2): [3]}
    shared.update(plain)
    assert isinstance(shared, collections.abc.MutableMapping)
    assert set(shared) == set(shared.keys()) == set(plain)
    assert dict(shared.items()) == plain and shared == plain and shared != {}
    assert sorted(map(repr, shared.values())) == sorted(map(repr, plain.values()))
    assert ("a", 1) in shared.items() and "b" in shared.values() and 2 in shared.keys()
    assert {**shared} == plain


@pytest.mark.listing
def test_clear_and_popitem(shared):
    shared.update({number: number for number in range(10)})
    assert sorted(shared.popitem() for _ in range(10)) == [(number, number) for number in range(10)]
    with pytest.raises(KeyError):
        shared.popitem()
    shared.update({number: number for number in range(300)})
    shared.clear()
    assert len(shared) == 0 and list(shared) == []


@pytest.mark.listing
def test_iterating_while_changing(shared):
    shared.update({number: number for number in range(20)})
    for key in shared:
        del shared[key]
    assert not shared


def test_wrong_calls(lockfree):
    for call in (lockfree.get, lockfree.add, lockfree.pop, lockfree.get_many):
        with pytest.raises(TypeError):
            call()
        with pytest.raises(TypeError):
            call(1, 2, 3)
    with pytest.raises(TypeError):
        lockfree.add("n", "1")
