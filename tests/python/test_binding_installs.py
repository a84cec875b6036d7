"""pip installs the package from its folder, with what the distribution has and no network."""

import importlib.util
import os
import subprocess

import pytest
from binding import BUILT
from locations import BUILD, ROOT

PYTHON = "/usr/bin/python3"  # for which the extension is built
TIME_LIMIT_S = 120  # it is built anew where it is out of date


def test_pip_installs_the_package(tmp_path):
    missing = [name for name in ("pip", "setuptools", "wheel") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip("not installed: apt-get install " + " ".join(f"python3-{name}" for name in missing))
    if not BUILT:
        pytest.skip("no Python binding")
    install = ["-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-index", "--no-deps"]
    environment = dict(os.environ, DICTBENCH_BUILD=str(BUILD))
    done = subprocess.run(
        [PYTHON, *install, "--target", tmp_path / "site", ROOT / "python"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    program = "import dictbench\nwith dictbench.SharedDict() as d: d[1] = 2; print(d[1], dictbench.__file__)"
    environment["PYTHONPATH"] = str(tmp_path / "site")
    done = subprocess.run([PYTHON, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["2", str(tmp_path / "site" / "dictbench" / "__init__.py")], done.stderr
