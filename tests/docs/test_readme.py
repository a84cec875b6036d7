"""The tables of the README and of the engines' pages are what the committed records say."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", [
    "README.md", "docs/blob.md", "docs/bucket-table.md", "docs/choosing.md", "docs/documents.md", "docs/engines.md", "docs/gate.md",
    "docs/hosts.md", "docs/lockfree.md", "docs/python.md", "docs/stream-log.md",
])
def test_every_table_is_as_the_records_say(dictbench, page):
    if "unavailable" in dictbench("list", "engines").stdout:
        pytest.skip("an engine is not available here, so the table of contracts says something else")
    result = dictbench("render", "--check", ROOT / page)
    assert result.returncode == 0, result.stderr


def test_a_changed_digit_is_found(dictbench, tmp_path):
    changed = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text()
    begin = text.index("<!-- dictbench:table overview")
    row = text.index("| boost-map", begin)
    digit = next(at for at in range(row, len(text)) if text[at].isdigit())
    changed.write_text(text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :])
    records = [word for file in (ROOT / "results" / "hosts").rglob("*.jsonl") for word in ("--results", file)]
    result = dictbench("render", "--check", *records, changed)
    assert result.returncode == 1
    assert "README.md" in result.stderr


def test_every_picture_is_in_the_tree():
    links = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
