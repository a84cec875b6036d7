"""Every page can be found, its links lead somewhere, and its prose is narrow enough to be read side by side."""

import re

import pytest

from locations import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WIDEST = 100  # columns
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page):
    """(number, line) of what is neither code, table, heading, marker nor filled by `dictbench render`."""
    inside = ""  # "code" or "block"
    for number, line in enumerate(page.read_text().splitlines(), 1):
        text = line.strip()
        if text.startswith(("```", "~~~")) and inside != "block":
            inside = "" if inside else "code"
        elif text.startswith("<!-- dictbench:table") and not inside:
            inside = "block"
        elif text.startswith("<!-- dictbench:end") and inside == "block":
            inside = ""
        elif not inside and not line.startswith("    ") and not text.startswith(("|", "#", "<!--", "![")):
            yield number, line


def heading_ids(page):
    """As GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


@each_page
def test_prose_is_narrow(page):
    assert [(number, len(line)) for number, line in prose(page) if len(line) > WIDEST and " " in line.strip()] == []


@each_page
def test_links_lead_somewhere(page):
    for _, line in prose(page):
        for link in _LINK.findall(line):
            if link.startswith("http"):
                continue
            name, _, place = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), f"{page.name}: {link}"
            if place:
                assert place in heading_ids(target), f"{page.name}: {link}"


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    assert [page.name for page in PAGES if page.parent.name == "docs" and page.name != "README.md"
            and f"({page.name})" not in index] == []
