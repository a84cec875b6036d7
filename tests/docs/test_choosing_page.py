"""docs/choosing.md: its answers are what the commands above them say, and its options are the command's."""

import re

import pytest

from locations import ROOT

PAGE = ROOT / "docs" / "choosing.md"
# A command of the page and the block that stands for its output.
ANSWERS = re.findall(
    r"^    (dictbench choose [^\n]*)\n\n<!-- dictbench:table choose ([^\n]*) -->\n\n(.*?)\n\n?<!-- dictbench:end -->",
    PAGE.read_text(), re.M | re.S,
)


def test_there_are_five_questions():
    assert len(ANSWERS) == 5


@pytest.mark.parametrize("command, options, shown", ANSWERS, ids=[answer[0][17:60] for answer in ANSWERS])
def test_the_command_says_what_the_page_shows(dictbench, command, options, shown):
    if "unavailable" in dictbench("list", "engines").stdout:
        pytest.skip("an engine is not available here, so the answers differ")
    asked = dict(option.split("=", 1) for option in options.split())
    told = dict(re.findall(r"--([a-z0-9-]+) (\S+)", command))
    host = asked.pop("host")
    assert asked == told
    result = dictbench(*command.split()[1:], "--host", host)
    assert result.returncode in (0, 1), result.stderr
    assert result.stdout.strip() == shown.strip()


def test_every_option_of_the_page_is_the_commands(dictbench):
    text = PAGE.read_text()
    table = set(re.findall(r"^\| `(--[a-z0-9-]+)`", text, re.M))
    told = dictbench("choose", "--help").stdout
    assert len(table) > 8
    for option in set(re.findall(r"(?<![\w-])(--[a-z0-9][a-z0-9-]+)", text)) - {"--engine", "--workload", "--out", "--faults",
                                                                               "--scale"}:
        assert option in told, option
    for line in dictbench("choose", "--interactive", "--host", "amd-epyc-2-cores", input="").stderr.splitlines():
        for promise in re.findall(r"survives-kill.*?binary-keys", line):
            for name in promise.split(", "):
                assert f"`{name}`" in text
