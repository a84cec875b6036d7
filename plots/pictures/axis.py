"""Axes of figures: limits, ticks that are few and plain, and labels with units."""

import math
from typing import Callable

from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from plots import style
from plots.metrics import plain


def log_limits(values: list, room: float = 0.06) -> tuple:
    """Limits with `room` of the span (in decades, at least half a decade) at both ends."""
    low, high = math.log10(min(values)), math.log10(max(values))
    middle, half = (low + high) / 2, max((high - low) / 2, 0.25) * (1 + 2 * room)
    return 10 ** (middle - half), 10 ** (middle + half)


def log_ticks(low: float, high: float, most: int) -> list:
    """Powers of ten, thinned to at most `most`; with 2 and 5 between them where there are fewer than two."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    whole = decades(low, high)
    if len(whole) >= 2:
        return whole[:: math.ceil(len(whole) / most)]
    finer = [digit * 10.0**exponent for exponent in range(first - 1, last + 1) for digit in (1, 2, 5)]
    inside = [tick for tick in finer if low <= tick <= high]
    return inside[:: math.ceil(len(inside) / most)] if inside else [math.sqrt(low * high)]


def byte_ticks(high: float, most: int) -> list:
    """0 and steps below `high` that are round in the unit in which bytes of that size are printed."""
    unit = 1024.0 ** max(0, math.floor(math.log(max(high, 1), 1024)))
    raw = high / unit / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = unit * next(size * digit for digit in (1, 2, 5, 10) if size * digit >= raw * 0.999)
    return [step * index for index in range(int(high / step) + 1)]


def set_ticks(axis, ticks: list, show: Callable[[float], str], grid: list = None) -> None:
    """`axis`: an axes' xaxis or yaxis. `grid`: where lines stand, if not at the ticks alone."""
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([plain(show(tick)) for tick in ticks]))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(FixedLocator([line for line in grid or [] if line not in ticks]))
    axis.grid(True, which="both", color=style.GRID, linewidth=0.6)


def decades(low: float, high: float) -> list:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**exponent for exponent in range(first, last + 1)]


def spread(wanted: list, gap: float, low: float, high: float) -> list:
    """Positions at least `gap` apart and within low..high where they fit, each as near its wanted one as its
    neighbours let it be (pooled adjacent violators: clusters sit on their members' mean)."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    clusters: list = []  # [members, centre]
    for index in order:
        clusters.append([[index], wanted[index]])
        while True:
            for cluster in clusters[-2:]:
                half = gap * (len(cluster[0]) - 1) / 2
                mean = sum(wanted[member] for member in cluster[0]) / len(cluster[0])
                cluster[1] = max(low + half, min(high - half, mean))
            if len(clusters) < 2:
                break
            above, below = clusters[-1], clusters[-2]
            distance = gap * (len(above[0]) + len(below[0])) / 2
            if above[1] - below[1] >= distance - 1e-9:
                break
            clusters[-2:] = [[below[0] + above[0], 0.0]]
    placed = [0.0] * len(wanted)
    for members, centre in clusters:
        for offset, member in enumerate(members):
            placed[member] = centre + gap * (offset - (len(members) - 1) / 2)
    return placed
