"""Builds the extension with the project's CMake; everything else is in pyproject.toml.

The build folder is $DICTBENCH_BUILD, else the checkout's build/; one of its own where that was configured for another
Python.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).resolve().parent.parent


def is_for_this_python(cache: pathlib.Path) -> bool:
    """Whether a build folder's extension fits: a virtual environment's Python is a link to the one it was made from."""
    found = re.search(r"^DICTBENCH_PYTHON_EXECUTABLE:\w+=(.*)$", cache.read_text(), re.MULTILINE)
    return found is not None and os.path.realpath(found.group(1)) == os.path.realpath(sys.executable)


class CMakeBuild(build_ext):
    def build_extension(self, extension: Extension) -> None:
        folder = pathlib.Path(os.environ.get("DICTBENCH_BUILD", ROOT / "build"))
        cache = folder / "CMakeCache.txt"
        if cache.exists() and not is_for_this_python(cache):
            folder = pathlib.Path(self.build_temp).resolve()
        python = f"-DDICTBENCH_PYTHON_EXECUTABLE={sys.executable}"
        configure = ["cmake", "-S", str(ROOT), "-B", str(folder)]
        subprocess.run(configure if cache.exists() else [*configure, python], check=True)
        build = ["cmake", "--build", str(folder), "--target", "dictbench_python", "--parallel", str(os.cpu_count())]
        subprocess.run(build, check=True)
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "python" / "dictbench" / target.name, target)


setup(ext_modules=[Extension("dictbench._core", sources=[])], cmdclass={"build_ext": CMakeBuild})
