"""Names, owners, and that nothing is left behind: no segment, no file, no server, no reference."""

import gc
import multiprocessing
import os
import subprocess
import sys
import tracemalloc

import pytest
import workers

import dictbench
from dictbench import SharedDict

TIME_LIMIT_S = 30


def own_names():
    """What this process has in the shared places, and all names of dicts that tests make."""
    things = (f"dictbench-{os.geteuid()}-{os.getpid()}.", f"dictbench-name-{os.geteuid()}.test-{os.getpid()}")
    return {name for folder in ("/dev/shm", "/tmp") for name in os.listdir(folder) if name.startswith(things)}


def program(text, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", text, *arguments], capture_output=True, text=True, timeout=TIME_LIMIT_S, **options
    )


@pytest.fixture
def name(request):
    return f"test-{os.getpid()}"


def test_a_name_creates_then_attaches(name, engine):
    with SharedDict(name, engine) as owner, SharedDict(name, engine) as other, SharedDict.attach(name) as third:
        owner["a"] = 1
        assert other["a"] == third["a"] == 1
        assert (owner.is_owner, other.is_owner, third.is_owner) == (True, False, False)
        assert owner.name == third.name == name and third.engine == engine
        other.close()
        assert owner["a"] == 1
    with pytest.raises(dictbench.Unavailable, match=name):
        SharedDict.attach(name)
    assert own_names() == set()


def test_create_refuses_a_name_in_use(name):
    with SharedDict.create(name):
        with pytest.raises(dictbench.Unavailable, match=f"{os.getpid()}"):
            SharedDict.create(name)
        with pytest.raises(ValueError, match="'lockfree'"):
            SharedDict(name, "boost-map")
        with pytest.raises(ValueError, match="max=1G"):
            SharedDict(name, max="1G")
    with SharedDict.create(name, max="1G"), SharedDict(name) as attached:
        assert attached.engine == "lockfree?max=1G"


def test_a_failed_creation_leaves_the_name_free(name):
    with pytest.raises(ValueError, match="sync"):
        SharedDict(name, "lmdb", sync="perhaps")
    with pytest.raises(dictbench.Error):
        SharedDict(name, "redis", address="/nonexistent/socket")
    with SharedDict(name) as shared:
        assert shared.is_owner
    assert own_names() == set()


@pytest.mark.parametrize("wrong", ["", "a/b", "a b", "-a", ".a", "x" * 101])
def test_names_that_are_none(wrong):
    with pytest.raises(ValueError, match="letters"):
        SharedDict(wrong)


def test_of_many_processes_one_creates(name):
    processes = 4
    context = multiprocessing.get_context("fork")
    queue, barrier = context.SimpleQueue(), context.Barrier(processes, timeout=TIME_LIMIT_S)
    started = [context.Process(target=workers.open_same_name, args=(name, barrier, queue)) for _ in range(processes)]
    for process in started:
        process.start()
    owners = [queue.get() for _ in started]
    for process in started:
        process.join(TIME_LIMIT_S)
    assert sorted(owners) == [False] * (processes - 1) + [True]
    assert [process.exitcode for process in started] == [0] * processes


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


def test_no_reference_is_lost(lockfree):
    key, value, default = "key" * 50, [object, "value"], object()
    watched = (key, value, default, lockfree, type(lockfree), None)
    before = [sys.getrefcount(thing) for thing in watched]
    for _ in range(100):
        lockfree[key] = value
        lockfree[key], lockfree.get("none", default), key in lockfree
        lockfree.set_many([(key, value)])
        lockfree.get_many([key, "none"], default)
        list(lockfree.items()), lockfree.setdefault(key, value), lockfree.pop(key, default), lockfree.pop(key, default)
        lockfree.add("n")
        for operation in (lambda: lockfree[("none", 1)], lambda: lockfree[[]], lambda: lockfree.set_many([key])):
            with pytest.raises((KeyError, TypeError, ValueError)):
                operation()
    gained = [sys.getrefcount(thing) - count for thing, count in zip(watched, before)]
    assert max(gained) < 50 and min(gained[:-1]) > -50, gained  # None comes and goes elsewhere too


def test_no_memory_is_lost(lockfree):
    def work():
        for number in range(200):
            lockfree[number] = [number, "x" * 100]
            lockfree[number], lockfree.get(str(number))
        lockfree.get_many(range(200))
        lockfree.clear()

    work()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            work()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()


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
