"""The command and the page that it writes."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
import synthetic
from synthetic import run

VOID = {"meta", "br", "link", "img", "input", "hr"}


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
    for loader in ("<link", "<img", "<iframe", "@import", " src=", "http:", "https:", "<script "):
        assert loader not in text.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert not re.search(r"<[^>]* on[a-z]+=", text)  # handlers in the text are what the policy forbids too


def test_the_policy_allows_the_page_s_own_script_only(report):
    text = (report / "report.html").read_text()
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ") and f"script-src 'sha256-{digest}';" in policy
    assert text.index(policy) < text.index("<style>")


def test_the_order_is_asked_answer_pictures_tables_ground_records(report):
    text = (report / "report.html").read_text()
    wanted = ['class="asked"', 'id="answer"', 'id="throughput"', 'id="engines"', 'id="contracts"', 'id="torture"',
              'id="hosts"', 'id="machine"', 'id="method"', 'id="warnings"', 'id="runs"', 'id="records"']
    places = [text.index(each) for each in wanted]
    assert places == sorted(places)


def test_the_answer_names_the_best_engine_of_each_need(report):
    text = (report / "report.html").read_text()
    answer = text[text.index('<section id="answer">'):text.index('<section id="throughput">')]
    words = " ".join(" ".join(Page(answer).words).split())
    for told in ("many readers", "redis?pipeline=16", "1.10 M ops/s", "it batches its round trips",
                 "dictbench run --workload load-1m", "redis?pipeline=16 is the best that processes can share on 1 of 2 workloads"):
        assert told in words, told
    assert "runner-up" in words and words.count("runner-up") == 1  # "-" is no runner-up


def test_figures_lead_to_the_records_with_file_and_line(report, small_file):
    text = (report / "report.html").read_text()
    ident = re.search(r'<a href="#(r\d+)">1\.10 M</a> <i>\[1\.02, 1\.31\]</i>', text)[1]
    entry = re.search(f'<tbody id="{ident}">(.*?)</tbody>', text, re.DOTALL)[1]
    lines = [(number, json.loads(line)) for number, line in enumerate(small_file.read_text().splitlines(), 1)]
    expected = [(number, line) for number, line in lines if line["type"] == "cell" and line["workload"] == "load-1m"
                and line["engine"] == "redis?pipeline=16" and line["processes"] == 2]
    assert len(expected) == 3
    for number, line in expected:
        assert f"<td>small.jsonl:{number}</td>" in entry
    torture = re.search(r'<a href="#(r\d+)">20 of 20</a>', text)[1]
    entry = re.search(f'<tbody id="{torture}">(.*?)</tbody>', text, re.DOTALL)[1]
    assert "20 kills survived" in entry and f"<td>small.jsonl:{len(lines)}</td>" in entry


def test_the_records_of_what_went_wrong_show_no_speed(report):
    text = (report / "report.html").read_text()
    rows = re.findall(r"<tr>(?:(?!</tr>).)*3 keys of 1000 are lost(?:(?!</tr>).)*</tr>", text[text.index('id="records"'):],
                      re.DOTALL)
    assert rows
    for row in rows:
        assert re.search(r"<td>2</td><td></td><td></td><td></td><td></td>", row), row


def test_every_picture_has_a_text_alternative_and_its_figures(report):
    text = (report / "report.html").read_text()
    figures = re.findall(r"<figure .*?</figure>", text, re.DOTALL)
    assert len(figures) >= 6
    for figure in figures:
        assert re.search(r'<svg role="img" aria-label="[^"]+"[^>]*><title>[^<]+</title><desc>[^<]+\.</desc>', figure)
        table = figure[figure.index("<details"):]
        assert table.count("<tr>") > 3 and 'href="#r' in table
        assert "<text " in figure and "DejaVuSans-" not in figure  # letters are text, not outlines


def test_a_source_that_no_file_holds_leads_nowhere(small_file, tmp_path):
    tables = synthetic.sourced_tables()[:1]
    for source in tables[0]["sources"]:
        source["runs"] = ["another-run"]
    (tmp_path / "tables.json").write_text(json.dumps(tables))
    assert run("--records", small_file, "--tables", tmp_path / "tables.json", "--out", tmp_path, "--svg-only").returncode == 0
    text = (tmp_path / "report.html").read_text()
    assert '>1.10 M <i>[1.02, 1.31]</i></td>' in text


def test_pictures_follow_the_page_s_colours(report):
    text = (report / "report.html").read_text()
    assert "fill: var(--ink)" in text and "prefers-color-scheme: dark" in text
    assert "#1b1f24" not in text.split("</style>", 1)[1]
    assert not re.search(r"\.s\d+\{[^}]*#1b1f24", text)


def test_a_second_run_in_another_process_gives_the_same_bytes(report, small_file, tmp_path):
    tables = report.parent / "tables.json"
    assert run("--records", small_file, "--tables", tables, "--out", tmp_path, "--svg-only", hash_seed="2").returncode == 0
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


def test_folders_above_the_report_s_own_are_not_made(small_file, tmp_path):
    result = run("--records", small_file, "--out", tmp_path / "no" / "report")
    assert result.returncode == 2 and "there is no folder" in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "no").exists()


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
    ('[{"name":"a","columns":[{"name":"x"}],"rows":[["1"]],"figures":[[]]}]', "table 1: 'figures' has not one"),
    ('[{"name":"a","columns":[{"name":"x"}],"rows":[["1"]],"figures":[[{"number":"1"}]]}]', "'figures' has not one"),
    ('[{"name":"a","columns":[{"name":"x"}],"rows":[["1"]],"figures":[[{"sources":[0]}]]}]', "'figures' has not one"),
])
def test_bad_tables_are_one_line_and_exit_code_2(small_file, tmp_path, text, told):
    tables = tmp_path / "tables.json"
    tables.write_text(text)
    result = run("--records", small_file, "--tables", tables, "--out", tmp_path / "out")
    assert result.returncode == 2 and told in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_without_a_package_one_line_says_what_to_install(small_file, tmp_path, package):
    result = run("--records", small_file, "--out", tmp_path / "out", before=f"sys.modules['{package}'] = None")
    assert result.returncode == 3
    assert result.stderr == (
        f"plots: {package} is missing: apt-get install python3-{package}, and run with /usr/bin/python3\n")
