"""Names, owners, and that nothing is left behind: no segment, no file, no server."""

import multiprocessing
import os
import subprocess
import sys

import pytest
import workers
from binding import own_names

import dictbench
from dictbench import SharedDict

TIME_LIMIT_S = 30


def program(text, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", text, *arguments], capture_output=True, text=True, timeout=TIME_LIMIT_S, **options
    )


def exists(endpoint):
    address = endpoint.partition("@")[2]
    assert address
    return os.path.exists(address) or os.path.exists("/dev/shm" + address)


def ended(engine, ending):
    """A program that makes a dict and ends; tells where the dict was."""
    make = f"import dictbench, os; d = dictbench.SharedDict('test-ended', {engine!r}); d['a'] = 1"
    done = program(f"{make}; print(d.endpoint, flush=True)\n{ending}")
    assert "resource_tracker" not in done.stderr and "Exception ignored" not in done.stderr
    return done.stdout.strip()


def test_an_owner_that_ends_leaves_nothing(engine):
    assert not exists(ended(engine, ""))


@pytest.mark.parametrize("ending", ["raise SystemExit(3)", "1 / 0", "del d", "os.kill(os.getpid(), 2)"])
def test_an_owner_leaves_nothing_however_it_ends(ending):
    assert not exists(ended("lockfree", ending))
    assert not os.path.exists(f"/dev/shm/dictbench-name-{os.geteuid()}.test-ended")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_that_created_a_dict_leaves_nothing(method):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=workers.make_and_leave, args=(queue,))
    process.start()
    endpoint = queue.get()
    process.join(TIME_LIMIT_S)
    assert process.exitcode == 0
    with pytest.raises(dictbench.Unavailable):
        SharedDict.attach(endpoint)
    with pytest.raises(dictbench.Unavailable):
        SharedDict.attach("left-by-worker")


def test_what_a_killed_owner_left_is_removed():
    endpoint = ended("lockfree", "os.kill(os.getpid(), 9)")
    assert exists(endpoint)
    assert program("import dictbench; dictbench.SharedDict()").returncode == 0
    assert not exists(endpoint)
    assert not os.path.exists(f"/dev/shm/dictbench-name-{os.geteuid()}.test-ended")


def test_the_name_of_a_killed_owner_is_free():
    ended("lockfree", "os.kill(os.getpid(), 9)")
    with pytest.raises(dictbench.Unavailable, match="gone"):
        SharedDict.attach("test-ended")
    with SharedDict("test-ended") as shared:
        assert shared.is_owner and "a" not in shared


def test_close_and_destroy(lockfree):
    attached = SharedDict.attach(lockfree.endpoint)
    with pytest.raises(dictbench.Unsupported, match="owner"):
        attached.destroy()
    lockfree["a"] = 1
    lockfree.destroy()
    assert attached["a"] == 1  # mapped still
    with pytest.raises(dictbench.Unavailable):
        SharedDict.attach(attached.endpoint)
    for closed in (lockfree, attached):
        closed.close()
        closed.close()
        for operation in (lambda: closed["a"], lambda: len(closed), lambda: list(closed), lambda: closed.add("n")):
            with pytest.raises(dictbench.Unavailable, match="closed"):
                operation()
    with pytest.raises(dictbench.Unsupported, match="owner"):
        lockfree.destroy()


def test_an_object_that_goes_takes_its_dict_along():
    shared = SharedDict("going")
    endpoint = shared.endpoint
    del shared
    with pytest.raises(dictbench.Unavailable):
        SharedDict.attach(endpoint)
    with pytest.raises(dictbench.Unavailable):
        SharedDict.attach("going")


def test_an_unattached_object_refuses():
    with pytest.raises(dictbench.Unavailable, match="not attached"):
        SharedDict.__new__(SharedDict)["a"]


def test_no_attachment_is_lost():
    def files():
        return len(os.listdir("/proc/self/fd"))

    with SharedDict() as shared:
        SharedDict.attach(shared.endpoint).close()
        before = files()
        for _ in range(20):
            SharedDict.attach(shared.endpoint)
        assert files() == before
    for _ in range(5):
        SharedDict()
    assert own_names() == set()
