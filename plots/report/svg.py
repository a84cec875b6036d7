"""Pictures' SVG made fit to stand in one page: unique ids, the page's colours, letters as text, styles said once."""

import re
from html import escape

from plots import style
from plots.pictures.canvas import text_width

_COLOURS = {style.INK: "var(--ink)", style.MUTED: "var(--muted)", style.GRID: "var(--grid)",
            style.PAPER: "var(--paper)"}
_LETTER = re.compile(r'<path id="DejaVu[\w-]+"[^>]*/>')  # the outlines that the text below is drawn with
_EMPTY = re.compile(r"<(g|defs)></\1>|<g/>|<defs/>")
_TEXT = re.compile(r'<g (style="[^"]*") transform="([^"]*?) ?scale\((0\.\d+) -\3\)">((?:<use [^>]*DejaVuSans[^>]*/>)+)</g>')
_USED = re.compile(r'href="#DejaVuSans-?(Bold|Oblique)?(?:-Oblique)?-([0-9a-f]+)"')


class Inliner:
    """Turns pictures into <svg> elements one by one; `rules` then holds what they share, for the page's style sheet."""

    def __init__(self):
        self._classes: dict = {}  # declarations -> class
        self._count = 0

    def inline(self, svg: str, title: str, description: str) -> str:
        """`description`: the picture's text alternative, beside its title."""
        self._count += 1
        body = re.sub(r"<metadata>.*?</metadata>|<title>.*?</title>|<style.*?</style>|<!--.*?-->", "",
                      svg[svg.index("<svg"):], flags=re.DOTALL)
        body = _shorten(body)
        body = _TEXT.sub(_write_text, body)
        if 'href="#DejaVu' not in body:
            body = _LETTER.sub("", body)
        body = _without_empty(body)
        for colour, variable in _COLOURS.items():
            body = body.replace(colour, variable)
        body = re.sub(r'style="([^"]*)"', lambda match: f'class="{self._class(match[1])}"', body)
        body = self._rename_ids(body)
        # Scaled by the page: the figure's own size is only its shape.
        head, rest = body[:body.index(">") + 1], body[body.index(">") + 1:]
        head = re.sub(r' (width|height|version)="[^"]*"', "", head)
        head = head.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
        return f"{head}<title>{escape(title)}</title><desc>{escape(description)}</desc>{rest}"

    @property
    def rules(self) -> str:
        return "".join(f".{name}{{{declarations}}}\n" for declarations, name in self._classes.items())

    def _class(self, declarations: str) -> str:
        return self._classes.setdefault(declarations, f"s{len(self._classes) + 1}")

    def _rename_ids(self, body: str) -> str:
        names = {name: f"p{self._count}-{index}" for index, name in enumerate(re.findall(r'\bid="([^"]+)"', body))}
        body = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{names[match[1]]}"', body)
        body = re.sub(r'href="#([^"]+)"', lambda match: f'href="#{names[match[1]]}"', body)
        return re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{names[match[1]]})", body)


def _write_text(match: re.Match) -> str:
    """Letters drawn one by one as text of the same width, whatever font there is: it can be read, found and copied."""
    declarations, place, scale, letters = match.groups()
    used = _USED.findall(letters)
    points = float(scale) * 100
    weight = "bold" if used[0][0] == "Bold" else "normal"
    slant = ";font-style:italic" if used[0][0] == "Oblique" else ""
    text = "".join(chr(int(code, 16)) for _, code in used)
    width = 72 * text_width(text, points, weight)
    bold = ";font-weight:700" if weight == "bold" else ""
    font = f'{declarations[:-1]};font-size:{points:g}px{bold}{slant}"'
    return (f'<text {font} transform="{place}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs">'
            f"{escape(text)}</text>")


def _shorten(body: str) -> str:
    """Hundredths of a point are enough, and only what is referred to needs a name."""
    wanted = set(re.findall(r'(?:href="|url\()#([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda match: match.group(0) if match.group(1) in wanted else "", body)
    body = re.sub(r'(?<= )(d|x|y|transform)="([^"]*)"', _round, body)
    return re.sub(r">\s+<", "><", body)


def _without_empty(body: str) -> str:
    shorter = _EMPTY.sub("", body)
    while shorter != body:
        body, shorter = shorter, _EMPTY.sub("", shorter)
    return body


def _round(match: re.Match) -> str:
    name, value = match.groups()
    value = " ".join(value.split())
    digits = 4 if "scale" in value else 2
    longer = r"\d+\.\d{%d,}" % (digits + 1)
    return f'{name}="' + re.sub(longer, lambda number: f"{float(number[0]):.{digits}f}", value) + '"'
