import pytest
from binding import BUILT


def test_the_binding_is_there():
    if not BUILT:
        pytest.skip("no Python binding: apt-get install pybind11-dev python3-dev, then ./run_all.sh build")
