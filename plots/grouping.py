"""Which workloads stand together in a picture, and in which order. Unknown ones come last, as 'other workloads'."""

from typing import NamedTuple


class Group(NamedTuple):
    name: str  # in file names
    title: str
    workloads: tuple


GROUPS = (
    Group("large", "a million keys", ("large",)),
    Group("small", "ten thousand keys", ("small",)),
    Group("ycsb", "YCSB mixes", tuple(f"ycsb-{letter}" for letter in "abcdef")),
    Group("values-short", "values up to 512 B", ("values-short", "values-middle")),
    Group("values-long", "values of 2 KiB and more", ("values-long",)),
    Group("values", "growing values", ("values",)),  # of older records
    Group("tails", "tails", ("open-loop", "growth-tail")),
    Group("growth", "growing dicts", ("blob-growth",)),
    Group("documents", "programs of other projects", ("mpdict-1m", "redis-100k", "pyshmht-64b", "lock-counter")),
    Group("single", "one operation at a time", ("load-1m", "get-uniform", "update-uniform", "zipf-95-5")),
    Group("batches", "batches and churn", ("get-batch-32", "set-batch-32", "churn")),
)
OTHER = Group("other", "other workloads", ())


def grouped(tasks: set, order: list) -> list:
    """(Group, its tasks) for every group that has any. `order`: tasks as the records name them, which keeps phases in
    the order in which they ran."""
    place = {task: index for index, task in enumerate(order)}
    result = []
    rest = set(tasks)
    for group in GROUPS:
        rank = {name: index for index, name in enumerate(group.workloads)}
        mine = sorted((task for task in rest if task.workload in rank),
                      key=lambda task: (rank[task.workload], place[task]))
        rest -= set(mine)
        if mine:
            result.append((group, mine))
    if rest:
        result.append((OTHER, sorted(rest, key=lambda task: (task.workload, place[task]))))
    return result
