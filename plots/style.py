"""One look for every picture: an engine keeps its colour, marker, fill and hatch everywhere.

Colours are Okabe and Ito's, who chose them to be told apart by the colour-blind, and four of Paul Tol's muted
ones that lie between them. Two engines always differ in marker or fill (dots, lines) and in hatch or tint (bars), so
that the pictures can be read in grey. Variants of an engine (`redis?pipeline=16`) share its colour and marker and
differ in fill.
"""

from dataclasses import dataclass
from typing import NamedTuple

from matplotlib import colors, rc_context

# The report swaps these four for the page's own, so that pictures follow its light or dark theme: no engine uses them.
INK, MUTED, GRID, PAPER = "#1b1f24", "#59636e", "#dfe3e8", "#fefefe"

TITLE_POINTS, HEADING_POINTS, TEXT_POINTS, SMALL_POINTS = 12.5, 9.0, 8.5, 7.5

HARNESS = "null"  # does nothing: what it shows is the harness's own cost
PRIVATE = "local"  # in one process only: the ceiling, not a candidate


class _Base(NamedTuple):
    colour: str
    marker: str
    hatch: str


_BASES = {
    HARNESS: _Base("#8b949e", "|", ""),
    PRIVATE: _Base("#7a8188", "d", ".."),
    "boost-map": _Base("#e69f00", "s", "////"),
    "redis": _Base("#d55e00", "v", "\\\\\\\\"),
    "memcached": _Base("#009e73", "^", "xxxx"),
    "sqlite-wal": _Base("#0072b2", "P", "----"),
    "lmdb": _Base("#56b4e9", "X", "||||"),
    "lockfree": _Base("#cc79a7", "o", ""),
    "stream-log": _Base("#999933", "D", "o"),
    "bucket-table": _Base("#44aa99", "<", "++++"),
    "blob": _Base("#b08968", ">", "*"),
}
# For engines from outside the tree, in the order of their names.
_SPARE = (
    _Base("#aa4499", "p", "//."),
    _Base("#6699cc", "h", "\\\\."),
    _Base("#ddaa33", "*", "xx."),
    _Base("#77aa55", "8", "--."),
    _Base("#bb5566", "H", "||."),
)
_FILLS = ("full", "none", "left", "bottom", "right", "top")
_LINES = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2)))
_TINTS = (0.0, 0.55, 0.3, 0.75, 0.15, 0.65)


@dataclass(frozen=True)
class Look:
    colour: str
    marker: str
    fill: str  # matplotlib's fillstyle of the marker
    hatch: str
    face: str  # of bars: the colour, lighter for variants
    line: object  # matplotlib's linestyle

    def marker_options(self, points: float) -> dict:
        """For plot(): a marker that stays visible where markers touch."""
        solid = self.fill != "none"
        return {
            "linestyle": "none",
            "marker": self.marker,
            "markersize": points,
            "fillstyle": self.fill if solid else "full",
            "markerfacecolor": self.colour if solid else PAPER,
            "markerfacecoloralt": PAPER,
            "markeredgecolor": PAPER if self.fill == "full" else self.colour,
            "markeredgewidth": 0.6 if self.fill == "full" else 1.3,
        }


def base_name(engine: str) -> str:
    """`redis` of `redis?pipeline=16` and of `redis (python)`."""
    return engine.partition("?")[0].partition(" (")[0]


def looks(engines: list) -> dict:
    """Engine -> Look. Give all engines of the records, whatever a picture shows of them."""
    names = sorted(set(engines))
    strangers = sorted({base_name(name) for name in names} - set(_BASES))
    bases = dict(_BASES)
    for index, stranger in enumerate(strangers):
        spare = _SPARE[index % len(_SPARE)]
        bases[stranger] = spare._replace(hatch=spare.hatch * (1 + index // len(_SPARE)))
    found, variants = {}, {}
    for name in sorted(names, key=lambda name: (name != base_name(name), name)):
        base = bases[base_name(name)]
        variant = variants.setdefault(base, 0)
        variants[base] += 1
        tint = _TINTS[variant % len(_TINTS)]
        found[name] = Look(
            colour=base.colour,
            marker=base.marker,
            fill=_FILLS[variant % len(_FILLS)],
            hatch=base.hatch,
            face=mix(base.colour, PAPER, tint),
            line=_LINES[variant % len(_LINES)],
        )
    return found


def mix(colour: str, other: str, share: float) -> str:
    first, second = colors.to_rgb(colour), colors.to_rgb(other)
    return colors.to_hex([a + (b - a) * share for a, b in zip(first, second)])


def sheet():
    """The context in which figures are made and saved. A fixed hash salt makes two draws the same bytes."""
    return rc_context({
        "axes.axisbelow": True,
        "axes.edgecolor": GRID,
        "axes.labelcolor": MUTED,
        "axes.labelsize": SMALL_POINTS,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same widths on every machine
        "font.size": TEXT_POINTS,
        "hatch.linewidth": 0.7,
        "lines.solid_capstyle": "butt",
        "savefig.facecolor": PAPER,
        "svg.fonttype": "path",
        "svg.hashsalt": "dictbench",
        "text.color": INK,
        "xtick.color": GRID,
        "xtick.labelcolor": MUTED,
        "xtick.labelsize": SMALL_POINTS,
        "xtick.major.size": 3,
        "xtick.minor.size": 0,
        "ytick.color": GRID,
        "ytick.labelcolor": INK,
        "ytick.labelsize": TEXT_POINTS,
        "ytick.major.size": 0,
        "ytick.minor.size": 0,
    })
