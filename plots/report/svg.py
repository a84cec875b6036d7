"""Pictures' SVG made fit to stand in one page: unique ids, the page's colours, letters as text, styles said once."""

import re
from html import escape

from plots import style
from plots.pictures.canvas import text_width

_COLOURS = {style.INK: "var(--ink)", style.MUTED: "var(--muted)", style.GRID: "var(--grid)",
            style.PAPER: "var(--paper)"}
_LETTER = re.compile(r'<path id="DejaVu[\w-]+"[^>]*/>')  # the outlines that the text below is drawn with
_MARKER = re.compile(r'<path id="([^"]+)"( [^>]*)/>')
_EMPTY = re.compile(r"<(g|defs)></\1>|<g/>|<defs/>")
_TEXT = re.compile(r'<g (style="[^"]*") transform="([^"]*?) ?scale\((0\.\d+) -\3\)">((?:<use [^>]*DejaVuSans[^>]*/>)+)</g>')
_USED = re.compile(r'href="#DejaVuSans-?(Bold|Oblique)?(?:-Oblique)?-([0-9a-f]+)"')


class Inliner:
    """Turns pictures into <svg> elements one by one; then `rules`, for the page's style sheet, and `markers`, an element
    for its top, hold what they share."""

    def __init__(self):
        self._classes: dict = {}  # declarations -> class
        self._markers: dict = {}  # shape -> id
        self._renamed: dict = {}  # of the picture at hand: a marker's own id -> the shared one
        self._count = 0

    def inline(self, svg: str, title: str, description: str) -> str:
        """`description`: the picture's text alternative, beside its title."""
        self._count += 1
        body = re.sub(r"<metadata>.*?</metadata>|<title>.*?</title>|<style.*?</style>|<!--.*?-->", "",
                      svg[svg.index("<svg"):], flags=re.DOTALL)
        body = _shorten(body)
        text = _TEXT.sub(_write_text, _without_empty(_LETTER.sub("", body)))
        if 'href="#DejaVu' not in text:  # else a matplotlib that writes text in another way
            body = text
        for colour, variable in _COLOURS.items():
            body = body.replace(colour, variable)
        # A hatch is an element of its picture: what names it stays where it is.
        body = re.sub(r'style="([^"]*)"', lambda match: match[0] if "url(" in match[1] else
                      f'class="{self._class(match[1])}"', body)
        body = _without_bare_groups(_without_empty(_MARKER.sub(self._share_marker, body)))
        body = self._rename_ids(body)
        body = body.replace("xlink:href", "href")
        # Scaled by the page: the figure's own size is only its shape.
        head, rest = body[:body.index(">") + 1], body[body.index(">") + 1:]
        head = re.sub(r' (width|height|version)="[^"]*"', "", head)
        head = head.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
        return f"{head}<title>{escape(title)}</title><desc>{escape(description)}</desc>{rest}"

    @property
    def rules(self) -> str:
        return "".join(f".{name}{{{declarations}}}\n" for declarations, name in self._classes.items())

    @property
    def markers(self) -> str:
        shapes = "".join(f'<path id="{name}"{shape}/>' for shape, name in self._markers.items())
        return f'<svg class="markers" aria-hidden="true"><defs>{shapes}</defs></svg>'

    def _share_marker(self, match: re.Match) -> str:
        self._renamed[match[1]] = self._markers.setdefault(match[2], f"m{len(self._markers) + 1}")
        return ""

    def _class(self, declarations: str) -> str:
        return self._classes.setdefault(declarations, f"s{len(self._classes) + 1}")

    def _rename_ids(self, body: str) -> str:
        names = {name: f"p{self._count}-{index}" for index, name in enumerate(re.findall(r'\bid="([^"]+)"', body))}
        names.update(self._renamed)
        self._renamed = {}
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
    place = re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.1f}", place)
    return (f'<text {font} transform="{place}" textLength="{width:.1f}">'
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


def _without_bare_groups(body: str) -> str:
    """Groups without an attribute say nothing."""
    bare: list = []  # of the groups that are open

    def keep(match: re.Match) -> str:
        if match[0] == "</g>":
            return "" if bare.pop() else match[0]
        bare.append(match[0] == "<g>")
        return "" if bare[-1] else match[0]

    return re.sub(r"<g>|<g [^>]*[^/]>|</g>", keep, body)


def _round(match: re.Match) -> str:
    name, value = match.groups()
    value = " ".join(value.split())
    digits = 4 if "scale" in value else 2
    longer = r"\d+\.\d{%d,}" % (digits + 1)
    value = re.sub(longer, lambda number: f"{float(number[0]):.{digits}f}", value)
    return f'{name}="' + (re.sub(r" ?([A-Za-z]) ?", r"\1", value) if name == "d" else value) + '"'
