"""Dicts between processes: every start method, forks of any kind, counters, threads."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading

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
    queue = multiprocessing.get_context("fork").SimpleQueue()
    started = [multiprocessing.get_context("fork").Process(target=workers.pop_all, args=(lockfree, last, queue)) for _ in range(3)]
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


def test_a_fork_while_threads_are_at_work(shared):
    stop = threading.Event()
    failures = []

    def work(number):
        try:
            while not stop.is_set():
                shared[number] = number
                assert shared[number] == number
                shared.get_many(range(5))
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        shared["question"] = 1
        for number in range(4):
            run("fork", workers.answer, shared, ("answer", number))
            assert shared[("answer", number)] == 2
    finally:
        stop.set()
        for thread in threads:
            thread.join(TIME_LIMIT_S)
    assert failures == []


def test_threads_share_an_object(shared):
    def work(number):
        for turn in range(50):
            shared.add("counter")
            shared[(number, turn)] = turn
            assert shared[(number, turn)] == turn

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIME_LIMIT_S)
    assert shared["counter"] == 200 and len(shared) == 201


def test_a_server_outlives_the_thread_that_asked_for_it():
    if dictbench.engines()["redis"] is not None:
        pytest.skip(dictbench.engines()["redis"])
    made = []
    thread = threading.Thread(target=lambda: made.append(SharedDict(engine="redis")))
    thread.start()
    thread.join()
    with made[0] as shared:
        shared["a"] = 1
        assert shared["a"] == 1


def test_pickling_attaches(shared):
    shared["a"] = 1
    copy = pickle.loads(pickle.dumps(shared))
    copy["b"] = 2
    assert shared["b"] == 2 and not copy.is_owner and copy == shared if dictbench.contract(shared.engine)["lists"] else True
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
