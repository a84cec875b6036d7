"""Where the tree and its build are, for all tests."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("DICTBENCH_BUILD", ROOT / "build"))
COMMAND = BUILD / "dictbench"
