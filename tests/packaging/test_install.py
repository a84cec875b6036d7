"""What `cmake --install` puts in place works with the source tree out of sight; what CPack packs, too."""

import gzip
import os
import re
import shutil
import subprocess

import pytest

from locations import BUILD, COMMAND, ROOT

# A mount name space of our own, in which an empty file system covers the source tree.
HIDE = 'mount -t tmpfs none "$0" && exec "$@"'


def hidden(command, folder, timeout=60):
    """Runs a command of the installation where the source tree is empty."""
    name_space = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*name_space, "sh", "-c", HIDE, ROOT, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs a mount name space (unshare --mount) to hide the source tree")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DICTBENCH_")}
    result = subprocess.run([*name_space, "sh", "-c", HIDE, ROOT, *map(str, command)], cwd=folder, capture_output=True,
                            text=True, timeout=timeout, env=clean)
    return result


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", folder], check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def package():
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
    if not shutil.which("dpkg-shlibdeps"):
        pytest.skip("needs dpkg-shlibdeps (dpkg-dev)")
    result = subprocess.run(["cpack", "-G", "DEB"], cwd=BUILD, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    return re.search(r"package: (\S+\.deb) generated", result.stdout).group(1)


def uses_everything(command, folder):
    """Lists, runs, tabulates, chooses and tortures with nothing but the installation."""
    listed = hidden([command, "list", "workloads"], folder)
    assert listed.returncode == 0 and "zipf-95-5" in listed.stdout, listed.stderr
    run = hidden([command, "run", "--engine", "lockfree", "--workload", "get-uniform", "--processes", "2",
                  "--repetitions", "1", "--scale", "0.001", "--out", "own.jsonl"], folder)
    assert run.returncode == 0 and "lockfree" in run.stdout, run.stderr
    table = hidden([command, "table", "redis-100k"], folder)
    assert table.returncode == 0 and "Redis, published" in table.stdout, table.stderr
    chosen = hidden([command, "choose", "--host", "amd-epyc-2-cores"], folder)
    assert chosen.returncode == 0 and "that fit" in chosen.stdout, chosen.stderr
    tortured = hidden([command, "torture", "--engine", "lockfree", "--faults", "crash-points", "--kills", "2",
                       "--out", "torture.jsonl"], folder)
    assert tortured.returncode == 0 and re.search(r"kills and stops at \d+ steps", tortured.stdout), tortured.stderr


def test_the_installed_command_needs_no_source_tree(prefix, tmp_path):
    uses_everything(prefix / "bin" / "dictbench", tmp_path)


def test_the_installed_command_makes_a_report(prefix, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    command = prefix / "bin" / "dictbench"
    run = hidden([command, "run", "--engine", "lockfree", "--workload", "get-uniform", "--repetitions", "1", "--scale", "0.001",
                  "--out", "own.jsonl"], tmp_path)
    assert run.returncode == 0, run.stderr
    made = hidden([command, "report", "--results", "own.jsonl", "--out", "report"], tmp_path)
    assert made.returncode == 0, made.stderr
    assert {"report.html", "tables.json", "tables.md", "pictures"} <= {path.name for path in (tmp_path / "report").iterdir()}


def test_a_moved_prefix_still_works(prefix, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(prefix, moved)
    listed = hidden([moved / "bin" / "dictbench", "list", "workloads"], tmp_path)
    assert listed.returncode == 0 and "zipf-95-5" in listed.stdout


def test_the_environment_goes_first(prefix, tmp_path):
    result = subprocess.run([prefix / "bin" / "dictbench", "list", "workloads"], capture_output=True, text=True,
                            env=dict(os.environ, DICTBENCH_WORKLOADS=str(tmp_path)), timeout=20)
    assert result.returncode == 0 and result.stdout == ""


PLUGIN = """
cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
find_package(dictbench REQUIRED)
add_library(mine MODULE mine.cc)
target_link_libraries(mine PRIVATE dictbench::plugin)
"""


def test_a_plugin_needs_nothing_but_the_installation(prefix, tmp_path):
    page = (ROOT / "docs" / "adding-an-engine.md").read_text()
    (tmp_path / "mine.cc").write_text(re.search(r"```cpp\n(.*?)```", page, re.S).group(1))
    (tmp_path / "CMakeLists.txt").write_text(PLUGIN)
    for command in (["cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}"], ["cmake", "--build", "build"]):
        built = hidden(command, tmp_path, timeout=120)
        assert built.returncode == 0, built.stdout + built.stderr
    plugin = ["--plugin", tmp_path / "build" / "libmine.so", "--engine", "file-per-key"]
    run = hidden([prefix / "bin" / "dictbench", "run", *plugin, "--workload", "get-uniform", "--scale", "0.001"], tmp_path)
    assert run.returncode == 0 and "file-per-key" in run.stdout, run.stderr
    conformance = prefix / "libexec" / "dictbench" / "conformance"
    if conformance.exists():
        conforms = hidden([conformance, *plugin, "--gtest_filter=Basic.*"], tmp_path)
        assert conforms.returncode == 0, conforms.stdout + conforms.stderr


def test_pages_completion_and_manual_are_installed(prefix):
    share = prefix / "share"
    assert (share / "doc/dictbench/README.md").is_file() and (share / "doc/dictbench/docs/choosing.md").is_file()
    assert "complete -F _dictbench dictbench" in (share / "bash-completion/completions/dictbench").read_text()
    assert (share / "zsh/vendor-completions/_dictbench").read_text().startswith("#compdef dictbench")
    assert "complete -c dictbench" in (share / "fish/vendor_completions.d/dictbench.fish").read_text()
    assert ".TH DICTBENCH 1" in gzip.open(share / "man/man1/dictbench.1.gz", "rt").read()
    workloads = {path.relative_to(ROOT / "workloads") for path in (ROOT / "workloads").rglob("*.toml")}
    assert workloads == {path.relative_to(share / "dictbench/workloads")
                         for path in (share / "dictbench/workloads").rglob("*")if path.is_file()}


def test_the_package_tells_what_it_needs(package):
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    assert "Package: dictbench\n" in fields and "Section: utils\n" in fields
    assert re.search(r"^Depends: .*libc6 \(>=", fields, re.M) and re.search(r"^Depends: .*libfmt", fields, re.M)
    assert "Recommends: redis-server | valkey-server, memcached, python3-matplotlib, python3-jinja2\n" in fields
    contents = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    for path in ("./usr/bin/dictbench", "./usr/libexec/dictbench/dictbench_crash_points",
                 "./usr/share/dictbench/workloads/zipf-95-5.toml", "./usr/share/man/man1/dictbench.1.gz",
                 "./usr/share/doc/dictbench/copyright"):
        assert path in contents


def test_what_is_packed_works(package, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True, timeout=60)
    uses_everything(tmp_path / "root" / "usr" / "bin" / "dictbench", tmp_path)


def test_lintian_finds_no_error(package):
    if not shutil.which("lintian"):
        pytest.skip("needs lintian")
    result = subprocess.run(["lintian", "--fail-on", "error", package], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout
