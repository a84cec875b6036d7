"""What a mapping has beside the operations on one key: iteration, views, update."""

from collections.abc import ItemsView, MutableMapping, ValuesView
from typing import Any, Iterator

from . import _core


class _Items(ItemsView):
    """Listed in one walk instead of one look-up a key."""

    def __iter__(self) -> Iterator:
        return iter(self._mapping._items())


class _Values(ValuesView):
    def __iter__(self) -> Iterator:
        return (value for _, value in self._mapping._items())


class Mapping(_core.Dict, MutableMapping):
    """The compiled attachment as a MutableMapping."""

    def __iter__(self) -> Iterator:
        """The keys that were there at this moment."""
        return iter(self._keys())

    def items(self) -> ItemsView:
        return _Items(self)

    def values(self) -> ValuesView:
        return _Values(self)

    def popitem(self) -> tuple:
        """Removes and returns any one pair; KeyError when there is none."""
        while True:
            key = self._first_key()
            try:
                return key, self.pop(key)
            except KeyError:
                continue  # another process has it

    def update(self, other: Any = (), /, **entries: Any) -> None:
        """Stores all entries; not in one step."""
        self.set_many(other)
        if entries:
            self.set_many(entries)
