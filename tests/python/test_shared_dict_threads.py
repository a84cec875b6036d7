"""One object used by many threads, forks among them."""

import multiprocessing
import threading

import pytest
import workers

import dictbench
from dictbench import SharedDict

TIME_LIMIT_S = 30


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
            task = {"target": workers.answer, "args": (shared, ("answer", number))}
            child = multiprocessing.get_context("fork").Process(**task)
            child.start()
            child.join(TIME_LIMIT_S)
            assert child.exitcode == 0
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
