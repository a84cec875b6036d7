import itertools

import synthetic
from matplotlib import colors

from plots import style

ENGINES = (*synthetic.MANY, "blob", "redis?transport=tcp", "redis?transport=tcp&pipeline=16", "redis (python)",
           "my-engine", "other-engine", "other-engine?x=1")


def grey(colour):
    red, green, blue = colors.to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_engines_differ_in_grey_as_dots_and_as_bars():
    looks = style.looks(ENGINES)
    for one, other in itertools.combinations(looks, 2):
        first, second = looks[one], looks[other]
        assert (first.marker, first.fill) != (second.marker, second.fill), (one, other)
        if style.HARNESS in (one, other):
            continue  # stands apart as a line, never as a bar
        assert first.hatch != second.hatch or abs(grey(first.face) - grey(second.face)) > 0.05, (one, other)


def test_base_engines_differ_in_colour():
    found = [look.colour for name, look in style.looks(ENGINES).items() if name == style.base_name(name)]
    assert len(found) == len(set(found))


def test_a_look_does_not_hang_on_the_other_engines():
    alone, together = style.looks(["redis", "lmdb"]), style.looks(ENGINES)
    assert alone["redis"] == together["redis"] and alone["lmdb"] == together["lmdb"]
    assert style.looks(reversed(ENGINES)) == together


def test_variants_keep_their_engine_s_colour():
    looks = style.looks(ENGINES)
    assert looks["redis"].colour == looks["redis?pipeline=16"].colour
    assert looks["redis"].fill != looks["redis?pipeline=16"].fill


def test_no_engine_uses_a_colour_that_the_report_swaps():
    swapped = {style.INK, style.MUTED, style.GRID, style.PAPER}
    for look in style.looks(ENGINES).values():
        assert not swapped & {look.colour, look.face}
