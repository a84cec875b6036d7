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
    thin: bool = False  # only a third of the pairs, every program and every row among them, with the most processes


def cells_of(selection: Selection) -> list[list[Cell]]:
    """A list for each repetition."""
    pairs = [(program, row) for program in PROGRAMS for row in ROWS
             if program.takes(row) and (selection.programs is None or program.name in selection.programs)
             and (selection.rows is None or row.name in selection.rows)]
    if selection.thin:
        pairs = [pair for pair in pairs if (PROGRAMS.index(pair[0]) + ROWS.index(pair[1])) % 3 == 0]
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
