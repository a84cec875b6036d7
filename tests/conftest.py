"""How the tests call the command."""

import subprocess

import pytest

from locations import COMMAND


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
