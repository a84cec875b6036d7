"""Pictures' SVG made fit to stand in one page: unique ids, shared letters, the page's colours."""

import re

from plots import style

# Written by matplotlib once in each picture for each letter used; the same in all of them.
_LETTER = re.compile(r'\s*<path id="(DejaVu[\w-]+)"[^>]*/>')
_EMPTY_DEFS = re.compile(r"\s*<defs>\s*</defs>")
_COLOURS = {style.INK: "var(--ink)", style.MUTED: "var(--muted)", style.GRID: "var(--grid)",
            style.PAPER: "var(--paper)"}


class Inliner:
    """Turns pictures into <svg> elements one by one; `letters` then holds what they share, for the page's top."""

    def __init__(self):
        self._letters: dict = {}

    def inline(self, svg: str, name: str, title: str) -> str:
        body = svg[svg.index("<svg"):]
        for match in _LETTER.finditer(body):
            self._letters[match.group(1)] = match.group(0).strip()
        body = _LETTER.sub("", body)
        body = _EMPTY_DEFS.sub("", body)
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        body = _shorten(body)
        body = self._prefix_ids(body, name)
        for colour, variable in _COLOURS.items():
            body = body.replace(colour, variable)
        # Scaled by the page: the figure's own size is only its shape.
        body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
        body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
        return body.replace("<svg", f'<svg role="img" aria-label="{_attribute(title)}"', 1)

    @property
    def letters(self) -> str:
        return '<svg class="letters" aria-hidden="true"><defs>' + "".join(self._letters.values()) + "</defs></svg>"

    @staticmethod
    def _prefix_ids(body: str, name: str) -> str:
        body = re.sub(r'\bid="(?!DejaVu)', f'id="{name}-', body)
        body = re.sub(r'href="#(?!DejaVu)', f'href="#{name}-', body)
        return body.replace("url(#", f"url(#{name}-")


def _shorten(body: str) -> str:
    """A third of the bytes: hundredths of a point are enough, and only what is referred to needs a name."""
    wanted = set(re.findall(r'(?:href="|url\()#([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda match: match.group(0) if match.group(1) in wanted else "", body)
    body = re.sub(r'(?<= )(d|x|y|transform)="([^"]*)"', _round, body)
    body = re.sub(r">\s+<", "><", body)
    shorter = re.sub(r"<g/>|<g></g>", "", body)
    while shorter != body:
        body, shorter = shorter, re.sub(r"<g/>|<g></g>", "", shorter)
    return body


def _round(match: re.Match) -> str:
    name, value = match.groups()
    value = " ".join(value.split())
    digits = 4 if "scale" in value else 2
    longer = r"\d+\.\d{%d,}" % (digits + 1)
    return f'{name}="' + re.sub(longer, lambda number: f"{float(number[0]):.{digits}f}", value) + '"'


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
