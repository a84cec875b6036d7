"""Python's own dict, private to each process: the ceiling. And what the loop costs with a call that does nothing."""

from array import array

from tier.rows.base import Row


class PlainDict(Row):
    name = "dict"
    shared = False
    microseconds = 0.1

    def attach(self):
        return {}


class EmptyCall(Row):
    """d[1] of an extension type that looks nothing up: CPython's way to it and back is all that it costs."""

    name = "empty call"
    shared = False
    stores = False
    microseconds = 0.05

    def attach(self):
        return array("q", [1, 1])
