"""`dictbench render` as a git hook: the plain one of docs/ci.md in a repository, and the framework's entries."""

import os
import re
import shlex
import subprocess

import pytest

from locations import COMMAND, ROOT

RECORDS = ROOT / "results" / "hosts" / "intel-xeon-2.50ghz-2-cores" / "check-growing.jsonl"
PAGE = "# Page\n\n<!-- dictbench:table engines workload=nosuch -->\n<!-- dictbench:end -->\n"


@pytest.fixture
def repository(tmp_path):
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dictbench").symlink_to(COMMAND)
    work = tmp_path / "work"
    (work / "results").mkdir(parents=True)
    (work / "results" / "records.jsonl").write_bytes(RECORDS.read_bytes())
    environment = dict(os.environ, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", GIT_CONFIG_GLOBAL="/dev/null")

    def call(*arguments):
        return subprocess.run(arguments, cwd=work, env=environment, capture_output=True, text=True, timeout=30)

    call("git", "init", "-q")
    call("git", "config", "user.name", "Somebody")
    call("git", "config", "user.email", "somebody@example.org")
    call.folder = work
    return call


def test_the_plain_hook_stops_a_commit_with_another_table(repository):
    script = re.search(r"```sh\n(#!/bin/sh\n.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.S).group(1)
    hook = repository.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script)
    hook.chmod(0o755)
    (repository.folder / "page.md").write_text(PAGE)
    (repository.folder / "with blank.md").write_text("# No table\n")
    (repository.folder / "code.c").write_text("int main(void) { return 0; }\n")
    repository("git", "add", ".")
    refused = repository("git", "commit", "-qm", "Add a page")
    assert refused.returncode != 0
    mend = re.search(r"mend it with: (.*)", refused.stderr).group(1)
    assert mend == "dictbench render --results results/records.jsonl page.md"

    assert repository(*shlex.split(mend)).returncode == 0
    repository("git", "add", ".")
    taken = repository("git", "commit", "-qm", "Add a page")
    assert taken.returncode == 0, taken.stderr
    (repository.folder / "code.c").write_text("int main(void) { return 1; }\n")
    assert repository("git", "commit", "-qam", "Change the code").returncode == 0  # no page in it: nothing to check


def test_another_projects_page_is_not_filled_with_dictbenchs_records(repository):
    (repository.folder / "page.md").write_text(PAGE)
    refused = repository("dictbench", "render", "page.md")
    assert refused.returncode == 2
    assert refused.stderr == "dictbench: page.md:3: whose records? Name them with --results FILE, or in the marker: records=FILE\n"
    assert (repository.folder / "page.md").read_text() == PAGE


def test_a_marker_names_records_beside_its_page(repository):
    page = repository.folder / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text(PAGE.replace("nosuch", "nosuch records=../results/records.jsonl"))
    assert repository("dictbench", "render", "docs/page.md").returncode == 0
    assert repository("dictbench", "render", "--check", "docs/page.md").returncode == 0
    page.write_text(PAGE.replace("nosuch", "nosuch records=absent.jsonl"))
    absent = repository("dictbench", "render", "docs/page.md")
    assert absent.returncode == 2
    assert re.match(r"dictbench: docs/page\.md:3: .*absent\.jsonl", absent.stderr)


def test_the_entries_for_the_framework_do_what_they_say(repository):
    yaml = pytest.importorskip("yaml")
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for hook in hooks.values():
        assert hook["language"] == "system" and hook["types"] == ["markdown"] and hook["name"]
    (repository.folder / "page.md").write_text(PAGE)
    (repository.folder / "other.md").write_text(PAGE)
    results = ["--results", "results/records.jsonl"]
    check = [*shlex.split(hooks["dictbench-render-check"]["entry"]), *results, "page.md", "other.md"]
    assert repository(*check).returncode == 1
    assert repository(*shlex.split(hooks["dictbench-render"]["entry"]), *results, "page.md", "other.md").returncode == 0
    assert repository(*check).returncode == 0
