"""The Python binding, from the build tree. Most tests run over every shared engine that is there."""

import os
import sys

import pytest
from binding import BUILT, PACKAGE, SHARED_ENGINES

sys.path.insert(0, str(PACKAGE))
os.environ["PYTHONPATH"] = str(PACKAGE)  # for the programs that tests start

# Without the extension there is nothing to import: test_binding_built.py says so for all.
collect_ignore_glob = [] if BUILT else ["test_shared_dict*.py"]


def pytest_configure(config):
    config.addinivalue_line("markers", "listing: needs an engine that can list its keys")


@pytest.fixture(params=SHARED_ENGINES)
def engine(request):
    import dictbench

    missing = dictbench.engines().get(request.param, "not in this build")
    if missing is not None:
        pytest.skip(missing)
    if request.node.get_closest_marker("listing") and not dictbench.contract(request.param)["lists"]:
        pytest.skip(f"{request.param} cannot list its keys")
    return request.param


@pytest.fixture
def shared(engine):
    """A dict of each engine, owned by the test."""
    import dictbench

    with dictbench.SharedDict(engine=engine) as created:
        yield created


@pytest.fixture
def lockfree():
    import dictbench

    with dictbench.SharedDict() as created:
        yield created
