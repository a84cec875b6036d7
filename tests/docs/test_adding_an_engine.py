"""docs/adding-an-engine.md is proven: its own code is built by its own commands, outside the tree, and run."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-an-engine.md"
TIME_LIMIT_S = 180


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands():
    (block,) = blocks("sh")
    return block.splitlines()


def run(command, folder):
    environment = dict(os.environ, DICTBENCH=str(ROOT))
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, text=True, capture_output=True, timeout=TIME_LIMIT_S
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def plugin_folder(tmp_path_factory):
    """A folder outside the tree with the page's source file and the plugin that the page's command makes of it."""
    folder = tmp_path_factory.mktemp("plugin")
    source = blocks("cpp")[0]  # what follows are excerpts
    name = re.match(r"// (\S+\.cc):", source).group(1)
    (folder / name).write_text(source)
    compile_command = commands()[0]
    assert compile_command.startswith("g++ ")
    run(compile_command.replace("g++ ", "g++ -Wall -Wextra -Werror ", 1), folder)
    return folder


def test_the_example_compiles_without_warnings(plugin_folder):
    assert (plugin_folder / "libfile_per_key.so").exists()


@pytest.mark.parametrize("command", commands()[1:], ids=lambda command: pathlib.Path(command.split()[0]).name)
def test_the_page_s_command_runs(plugin_folder, command):
    program = pathlib.Path(command.split()[0].replace('"$DICTBENCH"', str(ROOT)))
    if not program.exists():
        pytest.skip(f"{program.relative_to(ROOT)} is not built: ./run_all.sh test builds it")
    run(command, plugin_folder)
