"""Pictures inside the page."""

import re

from plots.report.svg import Inliner

PICTURE = """<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10pt" height="20pt" viewBox="0 0 10 20" version="1.1">
 <title>x</title><metadata>m</metadata><defs><style type="text/css">*{stroke-linecap: butt}</style></defs>
 <g id="figure_1"><g id="patch_1"><path d="M 1.23456 2.00000 L 3 4 z" style="fill: #fefefe"/></g>
 <!-- a<b -->
 <g style="fill: #1b1f24" transform="translate(61.256328 93.769336) scale(0.085 -0.085)">
  <defs><path id="DejaVuSans-Bold-61" d="M 0 0 z"/><path id="DejaVuSans-Bold-3c" d="M 0 0 z"/></defs>
  <use xlink:href="#DejaVuSans-Bold-61"/><use xlink:href="#DejaVuSans-Bold-3c" x="61.2"/>
 </g>
 <defs><path id="m1f" d="M 0 3 L 0 -3" style="stroke: #59636e"/></defs>
 <g clip-path="url(#pabc)"><use xlink:href="#m1f" x="5" y="6" style="fill: url(#h1)"/></g></g>
 <defs><clipPath id="pabc"><rect x="0"/></clipPath><pattern id="h1"><rect/></pattern></defs>
</svg>"""


def test_letters_become_text_of_the_same_width():
    body = Inliner().inline(PICTURE, "A title", "What to see.")
    text = re.search(r"<text ([^>]*)>([^<]*)</text>", body)
    assert text[2] == "a&lt;" and 'transform="translate(61.3 93.8)"' in text[1]
    assert 10 < float(re.search(r'textLength="([\d.]+)"', text[1])[1]) < 15
    assert "DejaVuSans-" not in body


def test_it_has_its_alternative_and_no_size_or_metadata():
    body = Inliner().inline(PICTURE, 'A "title"', "What <to> see.")
    assert body.startswith("<svg role=\"img\" aria-label=\"A &quot;title&quot;\"")
    assert "<title>A &quot;title&quot;</title><desc>What &lt;to&gt; see.</desc>" in body
    assert "metadata" not in body and "<style" not in body and "width=" not in body and 'viewBox="0 0 10 20"' in body


def test_two_pictures_share_markers_and_rules_but_no_ids():
    inliner = Inliner()
    first, second = (inliner.inline(PICTURE, title, ".") for title in ("one", "two"))
    ids = re.findall(r' id="([^"]+)"', first + second + inliner.markers)
    assert len(ids) == len(set(ids)) == 5  # a clip path and a hatch each, and one marker
    for name in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', first + second):
        assert "".join(name) in ids
    assert inliner.rules.count("fill: var(--paper)") == 1 and "stroke: var(--muted)" in inliner.rules
    assert "url(" not in inliner.rules  # it would name one picture's hatch for all


def test_groups_stay_closed():
    body = Inliner().inline(PICTURE, "t", "d")
    assert body.count("<g ") == body.count("</g>") == 1
    assert 'd="M1.23 2.00L3 4z"' in body


def test_letters_of_an_unknown_kind_are_left_as_they_are():
    other = PICTURE.replace(" scale(0.085 -0.085)", " scale(0.085 -0.085) skewX(3)")
    body = Inliner().inline(other, "t", "d")
    assert "<text" not in body and body.count("<use ") == 3
