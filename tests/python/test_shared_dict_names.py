"""Names: who creates, who attaches, what is refused."""

import json
import multiprocessing
import os
import shutil

import pytest
import workers
from binding import own_names

import dictbench
from dictbench import SharedDict, _core, names

TIME_LIMIT_S = 30


@pytest.fixture
def name():
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


@pytest.mark.parametrize("mode, owner", [(0o666, None), (0o620, None), (0o600, 65534)])
def test_a_name_that_others_may_have_written_is_not_believed(name, mode, owner):
    if owner is not None and os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    with SharedDict() as elsewhere:
        path = names._path(name)
        entry = names.Entry(elsewhere.engine, elsewhere._address, _core.identity())
        path.write_text(json.dumps(entry._asdict()))
        try:
            path.chmod(0o600)
            with SharedDict.attach(name) as attached:
                attached["a"] = 1  # as long as the file is ours, it says the truth
            path.chmod(mode)
            if owner is not None:
                os.chown(path, owner, owner)
            for use in (SharedDict, SharedDict.create, SharedDict.attach):
                with pytest.raises(dictbench.Unavailable, match="see who made it"):
                    use(name)
            names.remove_dead()
            assert path.exists()
        finally:
            path.unlink(missing_ok=True)


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


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/null"), lambda path: path.mkdir()])
def test_a_name_that_is_no_file_is_one_clear_error(name, make):
    path = names._path(name)
    make(path)
    try:
        for use in (SharedDict, SharedDict.create, SharedDict.attach):
            with pytest.raises(dictbench.Unavailable, match="see who made it"):
                use(name)
        names.remove_dead()
    finally:
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
