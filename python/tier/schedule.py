"""Which cells a run consists of, and in which order: as harness/driver/schedule.h, repetition by repetition, shuffled.

So drift of the machine hits every row alike, and the k-th repetition of two rows is a pair.
"""

import random
from dataclasses import dataclass
from typing import Optional

from tier.cell import Cell
from tier.programs import PROGRAMS
from tier.rows import ROWS


@dataclass(frozen=True)
class Selection:
    programs: Optional[list[str]]  # None: all
    rows: Optional[list[str]]
    repetitions: int
    scale: float  # on top of what the budget allows
    budget_s: float  # of one cell
    seed: int
    thin: bool = False  # some of the pairs, every program and every row among them, with the most processes


def cells_of(selection: Selection) -> list[list[Cell]]:
    """A list for each repetition."""
    pairs = [(program, row) for program in PROGRAMS for row in ROWS
             if program.takes(row) and (selection.programs is None or program.name in selection.programs)
             and (selection.rows is None or row.name in selection.rows)]
    if selection.thin:
        pairs = _thinned(pairs)
    order = random.Random(selection.seed)
    rounds = []
    for repetition in range(selection.repetitions):
        cells = [Cell(program, row, processes, repetition,
                      selection.scale * program.scale_for(row, processes, selection.budget_s))
                 for program, row in pairs
                 for processes in (program.processes[-1:] if selection.thin else program.processes)]
        order.shuffle(cells)
        rounds.append(cells)
    return rounds


def _thinned(pairs: list) -> list:
    """Every fourth pair, and the first of each program and row that has none then."""
    kept = pairs[::4]
    for pair in pairs:
        if all(pair[0] != program for program, _ in kept) or all(pair[1] != row for _, row in kept):
            kept.append(pair)
    return kept
