"""What the processes that tests start do; free of pytest, which a spawned process would have to import."""


def answer(shared, key):
    """Reads what the test stored, and stores an answer under `key`."""
    shared[key] = shared["question"] + 1


def count(shared, times):
    for _ in range(times):
        shared.add("counter")


def store_range(shared, first, last):
    for number in range(first, last):
        shared[number] = str(number)


def pop_all(shared, last, queue):
    """Tells which of the numbers below `last` this process got."""
    queue.put([number for number in range(last) if shared.pop(number, None) is not None])


def make_in_worker(queue):
    """Creates a dict in a worker that ends without closing it; tells its address and its servers."""
    import dictbench

    made = dictbench.SharedDict()
    made["kept"] = made  # so that nothing but the exit ends it
    make_in_worker.kept = made
    queue.put(made.endpoint.partition("@")[2])
