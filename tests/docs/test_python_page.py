"""docs/python.md is proven: each of its examples is a program that runs and leaves nothing."""

import os
import pathlib
import re
import subprocess

import pytest

from locations import BUILD

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
PYTHON = "/usr/bin/python3"  # for which the extension is built
TIME_LIMIT_S = 30


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(tmp_path, number):
    package = BUILD / "python"
    if not any((package / "dictbench").glob("_core*.so")):
        pytest.skip("no Python binding: apt-get install pybind11-dev python3-dev, then ./run_all.sh build")
    program = tmp_path / "example.py"
    program.write_text(EXAMPLES[number])
    environment = dict(os.environ, PYTHONPATH=str(package))
    done = subprocess.run([PYTHON, program], env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 4
