"""The GitHub workflows: sound YAML and shell, few rights, a limit of time, and no option that is not there."""

import pathlib
import re
import shutil
import subprocess

import pytest

from locations import COMMAND, ROOT

yaml = pytest.importorskip("yaml")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
pytestmark = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)


def load(file):
    return yaml.safe_load(file.read_text())


def steps(file):
    return [step for job in load(file)["jobs"].values() for step in job["steps"]]


def scripts(file):
    return [step["run"] for step in steps(file) if "run" in step]


def test_it_may_read_and_nothing_else(file):
    workflow = load(file)
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets." not in file.read_text()
    assert all("permissions" not in job for job in workflow["jobs"].values())
    # A fork's code must never run with the rights of the repository.
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads `on` as true


def test_it_ends(file):
    workflow = load(file)
    assert workflow["concurrency"]["cancel-in-progress"] is True and "github.ref" in workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60 and re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])


def test_actions_are_pinned(file):
    for step in steps(file):
        assert ("run" in step) != ("uses" in step)
        assert set(step) <= {"name", "id", "if", "uses", "with", "run", "env", "shell"}
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step["uses"]


def test_scripts_are_sound(file, tmp_path):
    for number, script in enumerate(scripts(file)):
        assert "${{" not in script, "an expression in a script is pasted in unquoted: hand it over by env"
        path = tmp_path / f"step{number}.sh"
        path.write_text("#!/usr/bin/env bash\nset -eo pipefail\n" + script)
        assert subprocess.run(["bash", "-n", path]).returncode == 0
        if shutil.which("shellcheck"):
            checked = subprocess.run(["shellcheck", path], capture_output=True, text=True)
            assert checked.returncode == 0, checked.stdout


def test_every_command_and_option_is_there(file):
    usage = subprocess.run([ROOT / "run_all.sh", "--help"], capture_output=True, text=True, check=True).stdout
    for script in scripts(file):
        script = script.replace("\\\n", " ")
        for command in re.findall(r"run_all\.sh (\S+)", script):
            assert re.search(rf"^  {re.escape(command)} ", usage, re.M), command
        for command, rest in re.findall(r"dictbench (\w+)([^\n]*)", script):
            if not COMMAND.exists():
                pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
            told = subprocess.run([COMMAND, command, "--help"], capture_output=True, text=True)
            assert told.returncode == 0, f"dictbench {command}: {told.stderr}"
            for option in re.findall(r"(--[a-z][a-z-]*)", rest):
                assert option in told.stdout, f"dictbench {command} {option}"


def test_history_is_there_where_a_commit_is_built(file):
    if not any("--base" in script for script in scripts(file)):
        pytest.skip("gates nothing")
    checkout = next(step for step in steps(file) if step.get("uses", "").startswith("actions/checkout"))
    assert checkout["with"]["fetch-depth"] == 0 and checkout["with"]["persist-credentials"] is False


@pytest.mark.parametrize("status, ends_with", [(0, 0), (1, 1), (2, 2), (3, 0)])
def test_the_gate_step_passes_its_result_on(file, status, ends_with, tmp_path):
    script = next((script for script in scripts(file) if "dictbench gate" in script), None)
    if script is None:
        pytest.skip("gates nothing")
    fake = tmp_path / "build" / "dictbench"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho \"$@\" >arguments\nexit {status}\n")
    fake.chmod(0o755)
    result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True,
                            env={"PATH": "/usr/bin:/bin", "BASE": "abc", "GITHUB_STEP_SUMMARY": "summary"})
    assert result.returncode == ends_with, result.stderr
    assert ("::warning" in result.stdout) == (status == 3)
    assert "gate --base abc" in (tmp_path / "arguments").read_text()
