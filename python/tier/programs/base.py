"""What a program is: one of the documents' benchmarks, as steps that every worker does at the same time.

A program object holds no state of a run, so that it can be listed, scheduled and forked freely.
"""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class Load:
    """How much of a program a cell does."""

    scale: float
    processes: int

    def share(self, total: int) -> int:
        """One process's part of `total` operations or items, at this scale."""
        return max(1, int(total * self.scale) // self.processes)


@dataclass(frozen=True)
class Step:
    name: str  # the phase in the record
    first_alone: bool = False  # the others begin when worker 0 has ended
    recorded: bool = True
    after: tuple = ()  # steps whose time counts too: the clock was not restarted
    best_of: int = 1  # done so often; the quickest counts


class Program:
    name = ""  # the workload in the record
    processes: tuple = (1,)
    rows: Optional[tuple] = None  # names; None: all that are shared
    total = 1  # operations that scale counts down, all processes together
    whole = False  # every row does all of it, however long: bytes an item mean something for one number of items only
    longest_text = 64  # bytes of the largest key and value, for rows that reserve room

    def items(self, load: Load) -> int:
        """How many the dict holds in the end."""
        raise NotImplementedError

    def steps(self, row: type) -> list[Step]:
        raise NotImplementedError

    def view(self, dict_):
        """The dict as it is to be read back."""
        return dict_

    def start(self, row, dict_, worker: int, load: Load) -> Callable[[str], int]:
        """Once in every worker, before the clock: gives what does a step and returns its operations."""
        raise NotImplementedError

    def expected(self, load: Load) -> Callable[[], object]:
        """Gives pairs of key and value that must be there when all is over."""
        raise NotImplementedError

    def takes(self, row: type) -> bool:
        return row.name in self.rows if self.rows is not None else row.shared and row.name != "redis-py over TCP"

    def scale_for(self, row: type, processes: int, budget_s: float) -> float:
        """The largest of 1, 0.5, 0.2, 0.1, ... of which a cell should take no longer than the budget."""
        if self.whole:
            return 1.0
        scale, steps = 1.0, (0.5, 0.4, 0.5)
        for index in range(30):
            load = Load(scale, processes)
            copied_items = self.items(load) / 2
            if self.total * scale * row.cost(copied_items) * 1e-6 <= budget_s:
                break
            scale *= steps[index % 3]
        return float(f"{scale:.3g}")


def wrong_values(dict_, expected: Callable[[], object]) -> tuple[int, str]:
    """(keys read back, what is wrong with them or nothing)."""
    lost = wrong = keys = 0
    for key, value in expected():
        keys += 1
        try:
            found = dict_[key]
        except KeyError:
            found = None
        if found is None:
            lost += 1
        elif text(found) != str(value):
            wrong += 1
    found = [f"{lost:,} of {keys:,} items are lost"] if lost else []
    found += [f"{wrong:,} of {keys:,} values are wrong"] if wrong else []
    return keys, ", ".join(found)


def text(value) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)

