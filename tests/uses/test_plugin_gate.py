"""docs/ci.md, Gate an engine of your own: its workflow, run step by step in a project with a slower head, fails."""

import os
import re
import subprocess

import pytest

from locations import BUILD, COMMAND, ROOT

yaml = pytest.importorskip("yaml")
PAGE = (ROOT / "docs" / "ci.md").read_text()
# So few operations and pairs that the gate ends in seconds; a delay like this one shows all the same.
QUICK = "--workload {root}/workloads/gate/get-and-update.toml --scale 0.002 --pairs 16 --must-see 100000"
# A busy wait: asleep, the head would leave the processors to others, and the gate suspects what is unlike.
DELAY = ("    for (const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);\n"
         "         std::chrono::steady_clock::now() < end;) {}\n")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


def steps():
    (job,) = yaml.safe_load(block("yaml"))["jobs"].values()
    return {step.get("name"): step for step in job["steps"]}


@pytest.fixture
def project(tmp_path):
    """A plugin's repository: the page's CMake file, and adding-an-engine.md's engine, slower in the second commit."""
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
    prefix, work = tmp_path / "prefix", tmp_path / "work"
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True, timeout=60)
    work.mkdir()
    example = re.search(r"```cpp\n(.*?)```", (ROOT / "docs" / "adding-an-engine.md").read_text(), re.S).group(1)
    example = example.replace('.name = "file-per-key"', '.name = "mine"')
    reading = "  bool read_file(const std::string& name, Value& out) const {\n"
    assert example.count(reading) == 1
    (work / "CMakeLists.txt").write_text(block("cmake"))
    environment = dict(os.environ, PATH=f"{prefix / 'bin'}:{os.environ['PATH']}", CMAKE_PREFIX_PATH=str(prefix),
                       GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))

    def run(command):
        return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=work, env=environment, text=True,
                              capture_output=True, timeout=150)

    def commit(source):
        (work / "mine.cc").write_text(source)
        done = run("git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm Change && git rev-parse HEAD")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    environment["BASE"] = commit(example)
    commit("#include <chrono>\n" + example.replace(reading, reading + DELAY))
    return run


def test_the_workflow_fails_on_a_slower_engine(project, tmp_path):
    built = project(steps()["Build base and head"]["run"])
    assert built.returncode == 0, built.stdout + built.stderr
    gate = steps()["Gate"]["run"]
    assert "--budget 300" in gate
    judged = project(gate.replace("--budget 300", QUICK.format(root=ROOT)))
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "### gate: regressed" in (tmp_path / "summary.md").read_text()
    assert "Base: ../base/build/libmine.so; head: build/libmine.so" in judged.stdout


def test_the_workflow_may_read_and_nothing_else():
    workflow = yaml.safe_load(block("yaml"))
    assert workflow["permissions"] == {"contents": "read"} and workflow["concurrency"]["cancel-in-progress"] is True
    assert all("${{" not in step.get("run", "") for step in steps().values())
