"""What the tests of the command share: where the build is, and how to call it."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("DICTBENCH_BUILD", ROOT / "build"))
COMMAND = BUILD / "dictbench"


@pytest.fixture
def dictbench(tmp_path):
    """Runs the command in a temporary folder; the result has returncode, stdout and stderr."""
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")

    def call(*arguments, timeout=60, **options):
        return subprocess.run(
            [COMMAND, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=timeout, **options
        )

    return call
