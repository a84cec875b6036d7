"""The command and the page that it writes."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import synthetic

ROOT = Path(__file__).parents[2]
VOID = {"meta", "br", "link", "img", "input", "hr"}


def run(*arguments, hash_seed="1", before=""):
    program = ["-m", "plots"]
    if before:
        program = ["-c", f"import runpy, sys; {before}; runpy.run_module('plots', run_name='__main__')"]
    return subprocess.run([sys.executable, *program, *map(str, arguments)], cwd=ROOT, text=True, capture_output=True,
                          timeout=120, env=dict(os.environ, PYTHONHASHSEED=hash_seed, SOURCE_DATE_EPOCH=""))


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
            self.links += re.findall(r"url\(([^)]*)\)", value or "") if name in ("style", "clip-path", "fill") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "small.jsonl"
    path.write_text(synthetic.as_text(synthetic.suite(
        engines=("null", "redis", "redis?pipeline=16", "lmdb"), workloads=("load-1m", "zipf-95-5"), repetitions=3)))
    return path


@pytest.fixture(scope="module")
def report(small_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    tables = folder / "tables.json"
    tables.write_text(json.dumps(synthetic.tables()))
    result = run("--records", small_file, "--tables", tables, "--out", folder / "out")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{folder / 'out' / 'report.html'}\n"
    return folder / "out"


def test_the_report_holds_every_picture_table_and_definition(report):
    text = (report / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    pictures = {path.stem for path in (report / "pictures").glob("*.svg")}
    assert pictures == {path.stem for path in (report / "pictures").glob("*.png")}
    assert {f"{kind}-single" for kind in ("throughput", "scaling", "latency", "memory", "switches")} <= pictures
    assert pictures | {"table-engines", "table-contracts"} <= set(page.ids)
    words = " ".join(page.words)
    for told in ("Every engine on every workload", "240,000", "lmdb <fast>", "Median of 5 repetitions.", "Two.",
                 "The governor is powersave: set it to performance.", "Example(R) Processor @ 2.25GHz",
                 "unavailable: no cpufreq", "wrong data: 3 keys of 1000 are lost", "worker 2 died of signal 9",
                 "Memory per item", "Voluntary context switches", "0123456789ab", "7.0.15"):
        assert told in words, told


def test_the_report_loads_nothing_and_its_names_are_unique(report):
    text = (report / "report.html").read_text()
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    for loader in ("<script", "<link", "<img", "@import", "src="):
        assert loader not in text


def test_pictures_follow_the_page_s_colours(report):
    text = (report / "report.html").read_text()
    assert "fill: var(--ink)" in text and "prefers-color-scheme: dark" in text
    assert "#1b1f24" not in text.split("</style>", 1)[1]


def test_a_second_run_in_another_process_gives_the_same_bytes(report, small_file, tmp_path):
    assert run("--records", small_file, "--out", tmp_path, "--svg-only", hash_seed="2").returncode == 0
    for path in (report / "pictures").glob("*.svg"):
        assert path.read_bytes() == (tmp_path / "pictures" / path.name).read_bytes(), path.name
    assert not list((tmp_path / "pictures").glob("*.png"))


@pytest.mark.parametrize("arguments,code,told", [
    ((), 2, "the following arguments are required: --records, --out"),
    (("--records", "absent.jsonl", "--out", "."), 2, "absent.jsonl: cannot be read: No such file or directory"),
    (("--records", "README.missing", "--out", ".", "--colour"), 2, "unrecognized arguments: --colour"),
])
def test_bad_usage_is_one_line_and_exit_code_2(arguments, code, told):
    result = run(*arguments)
    assert result.returncode == code and told in result.stderr
    assert result.stderr.count("\n") == 1 and result.stdout == ""


def test_nothing_to_draw_is_exit_code_3(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text(synthetic.as_text([synthetic.run_line(), synthetic.cell_line(status="invalid: a worker died")]))
    result = run("--records", file, "--out", tmp_path / "out")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == "plots: none of the 1 cells is valid and verified: nothing to draw\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text,told", [
    ("{}", "a list of tables is expected"), ("nonsense", "no JSON"),
    ('[{"name":"a"}]', "table 1: 'name', 'columns' and"),
    ('[{"name":"a","columns":[{"name":"x","unit":""}],"rows":[["1","2"]]}]', "row 1 has 2 texts for 1 columns"),
])
def test_bad_tables_are_one_line_and_exit_code_2(small_file, tmp_path, text, told):
    tables = tmp_path / "tables.json"
    tables.write_text(text)
    result = run("--records", small_file, "--tables", tables, "--out", tmp_path / "out")
    assert result.returncode == 2 and told in result.stderr and result.stderr.count("\n") == 1


def test_without_matplotlib_one_line_says_what_to_install(small_file, tmp_path):
    result = run("--records", small_file, "--out", tmp_path / "out", before="sys.modules['matplotlib'] = None")
    assert result.returncode == 3
    assert result.stderr == (
        "plots: matplotlib is missing: apt-get install python3-matplotlib, and run with /usr/bin/python3\n")
