"""The marks that several pictures share. Axes have fixed limits, so nothing here scales them."""

from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from plots.style import GRID, MUTED, Look


def line(axes, across, up, **options) -> None:
    """Like axes.plot(), but a tenth of its time: pictures hold thousands of marks."""
    axes.add_artist(Line2D(across, up, **options))


def point(axes, across: float, up: float, marker: str, points: float, colour: str, width: float, order: float,
          face: str = None) -> None:
    line(axes, [across], [up], linestyle="none", marker=marker, markersize=points, markeredgecolor=colour,
         markerfacecolor=face or colour, markeredgewidth=width, zorder=order)


def row_guides(axes, heights: list) -> None:
    axes.add_collection(LineCollection([[(0, y), (1, y)] for y in heights], colors=GRID, linewidths=0.6,
                                       transform=axes.get_yaxis_transform(), zorder=0.5), autolim=False)


def dot(axes, y: float, found, look: Look, harness: bool = False, points: float = 6.5) -> bool:
    """A marker at the median over a bar that spans the interval. False when there is no figure."""
    if not found:
        return False
    low, high, _ = found.interval
    colour = MUTED if harness else look.colour
    if high > low:
        line(axes, [low, high], [y, y], color=colour, linewidth=2.6, alpha=0.5, zorder=2)
    if harness:
        point(axes, found.median, y, "|", 8, colour, 1.6, 3)
    else:
        line(axes, [found.median], [y], zorder=3, **look.marker_options(points))
    return True
