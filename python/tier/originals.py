"""The packages that only the Python package index has: in an optional virtual environment of the same interpreter."""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Optional

from tier.host import ROOT

_why: dict[str, str] = {}


def folder() -> Path:
    return Path(os.environ.get("DICTBENCH_ORIGINALS", ROOT / "build" / "originals"))


def load(name: str) -> Optional[ModuleType]:
    """The module, or nothing when it is not there or cannot be loaded, whatever it does then."""
    packages = str(folder() / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages")
    if packages not in sys.path and os.path.isdir(packages):
        sys.path.insert(0, packages)  # first: their dependencies fit each other
    try:
        return importlib.import_module(name)
    except ImportError as error:
        known = "not installed; ./run_all.sh originals installs it when the package index answers"
        _why[name] = known if getattr(error, "name", None) == name else f"it cannot be imported: {error}"
    except Exception as error:
        _why[name] = f"it cannot be imported: {type(error).__name__}: {error}"[:200]
    return None


def why_missing(name: str) -> Optional[str]:
    return _why.get(name)
