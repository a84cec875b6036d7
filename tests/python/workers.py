"""What the processes that tests start do; free of pytest, which a spawned process would have to import."""

import sys


def answer(shared, key):
    """Reads what the test stored, and stores an answer under `key`."""
    shared[key] = shared["question"] + 1


def count(shared, times):
    for _ in range(times):
        shared.add("counter")


def pop_all(shared, last, queue):
    """Tells which of the numbers below `last` this process got."""
    queue.put([number for number in range(last) if shared.pop(number, None) is not None])


def make_and_leave(queue):
    """Creates a dict, leaves it open, and tells where it is."""
    import dictbench

    made = dictbench.SharedDict("left-by-worker")
    sys.modules[__name__].kept = made  # so that nothing but the exit ends it
    queue.put(made.endpoint)


def open_same_name(name, barrier, queue):
    """All processes at once: one creates, the others attach."""
    import dictbench

    barrier.wait()
    shared = dictbench.SharedDict(name)
    shared.add("opened")
    queue.put(shared.is_owner)
    barrier.wait()
    if not shared.is_owner:
        shared.add("seen")
    barrier.wait()
    shared.close()
