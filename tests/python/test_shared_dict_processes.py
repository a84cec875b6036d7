"""Dicts between processes: every start method, forks of any kind, counters."""

import multiprocessing
import os
import pickle
import subprocess
import sys

import pytest
import workers

import dictbench
from dictbench import SharedDict

START_METHODS = ("fork", "forkserver", "spawn")
TIME_LIMIT_S = 30


def run(method, target, *arguments, processes=1):
    context = multiprocessing.get_context(method)
    started = [context.Process(target=target, args=arguments) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join(TIME_LIMIT_S)
    assert [process.exitcode for process in started] == [0] * processes


@pytest.mark.parametrize("method", START_METHODS)
def test_a_dict_passes_to_a_process(shared, method):
    shared["question"] = 41
    run(method, workers.answer, shared, method)
    assert shared[method] == 42
    assert shared.is_owner


def test_counters_of_four_processes_are_exact(shared):
    processes, times = 4, 250
    run("fork", workers.count, shared, times, processes=processes)
    assert shared["counter"] == processes * times


def test_each_entry_is_popped_by_one_process(lockfree):
    last = 2000
    lockfree.update({number: True for number in range(last)})
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    started = [context.Process(target=workers.pop_all, args=(lockfree, last, queue)) for _ in range(3)]
    for process in started:
        process.start()
    popped = sum((queue.get() for _ in started), [])
    for process in started:
        process.join(TIME_LIMIT_S)
    assert sorted(popped) == list(range(last))


def test_parent_and_grandchild_go_on_after_forks(shared):
    """os.fork(), from a process that has used the dict: each generation attaches for itself."""
    shared["parent"] = 1
    child = os.fork()
    if child == 0:
        status = 1
        try:
            shared["child"] = shared["parent"] + 1
            grandchild = os.fork()
            if grandchild == 0:
                shared["grandchild"] = shared["child"] + 1
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1])
            status += not (shared["grandchild"] == 3 and not shared.is_owner)
            shared.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shared.get_many(["parent", "child", "grandchild"]) == [1, 2, 3]


def test_pickling_attaches(shared):
    shared["a"] = 1
    copy = pickle.loads(pickle.dumps(shared))
    copy["b"] = 2
    assert shared["b"] == 2 and not copy.is_owner
    copy.close()
    assert shared["a"] == 1


def test_a_private_engine_is_not_pickled():
    with SharedDict(engine="local") as private, pytest.raises(dictbench.Unsupported, match="private"):
        pickle.dumps(private)


def test_an_unrelated_program_attaches_by_endpoint(shared):
    shared["question"] = 6
    program = "import sys, dictbench, workers; workers.answer(dictbench.SharedDict.attach(sys.argv[1]), 'answer')"
    folder = os.path.dirname(__file__)
    subprocess.run([sys.executable, "-c", program, shared.endpoint], check=True, timeout=TIME_LIMIT_S, cwd=folder)
    assert shared["answer"] == 7
