"""Does dictbench measure what others measure?

Runs dictbench and another program in turn, A B A B ..., against one server on one socket (or, for `local`, the
same loop in dictbench_micro), and prints the median of the ratios round by round. Not a test: a benchmark, for a
quiet machine. ./run_all.sh agreement calls it. Beside that, `null` shows what the harness itself costs, and has
a bound. Exit code 1 when a figure leaves its bounds, else 3 when a comparison was skipped because something is
not installed.
"""

import argparse
import contextlib
import csv
import getpass
import json
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build" / "dictbench"
MICRO = ROOT / "build" / "dictbench_micro"
KEYS = 100_000
REDIS_KEY = "key:{index:012}"  # redis-benchmark's own: 16 bytes
REDIS_VALUE = "10"
# memcslap makes keys of 20 to 59 bytes and values of about 50 to 5,000, both evenly spread.
MEMCACHED_KEY = "key:{index:036}"
MEMCACHED_VALUE = '{ distribution = "uniform", least = 50, most = 5000 }'
PIPELINE = 16
NULL_NS = 5.0  # the most that the harness may cost per operation
CHECK_FAILED = 1
ENVIRONMENT_FAILED = 3

WORKLOAD = """
summary = "one kind of operation, as the other program does it"
source = "tests/agreement"
processes = [1]
repetitions = 1
preload = true
[keys]
format = "{format}"
count = {keys}
[values]
size = {value}
[[phase]]
name = "run"
mix = {{ {kind} = 1 }}
operations = {operations}
distribution = "uniform"
"""


class Figure(NamedTuple):
    """What one side of a comparison measured."""

    ops_per_s: float
    client_us: float  # processor time of the clients per operation


class Missing(Exception):
    """A program that a comparison needs is not there; the text says which and what to install."""


def program(*names, install):
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise Missing(f"{' or '.join(names)} is not installed; apt-get install {install}")


@contextlib.contextmanager
def server(arguments, socket, ready):
    """A server program of our own, ended with the block."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not (socket.exists() and ready()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{arguments[0]} did not start")
            time.sleep(0.02)
        yield
    finally:
        process.kill()  # memcached heeds SIGTERM only about once a second; nothing of these servers is kept
        process.wait()
        socket.unlink(missing_ok=True)


def time_of_children():
    """Processor seconds of all ended children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def figure_of(records):
    """The last cell of a record file."""
    cell = [record for record in map(json.loads, records.read_text().splitlines()) if record["type"] == "cell"][-1]
    if cell["status"] != "ok":
        raise SystemExit(f"{cell['engine']}: {cell['status']}")
    return Figure(cell["ops_per_s"], 1e6 * (cell["rusage"]["user_s"] + cell["rusage"]["system_s"]) / cell["ops"])


def dictbench(folder, engine, kind, operations, processes=1, key=REDIS_KEY, value=REDIS_VALUE, keys=KEYS):
    """What dictbench measures, all processes together."""
    workload = folder / f"{kind}.toml"
    workload.write_text(
        WORKLOAD.format(format=key, keys=keys, value=value, kind=kind, operations=operations)
    )
    out = folder / "records.jsonl"
    out.unlink(missing_ok=True)
    subprocess.run(
        [COMMAND, "run", "--engine", engine, "--workload", workload, "--processes", str(processes), "--format", "none", "--out", out],
        check=True, stderr=subprocess.DEVNULL,
    )
    return figure_of(out)


def redis_benchmark(benchmark, socket, kind, operations, programs=1, pipeline=1):
    """The sum over `programs` redis-benchmark -c 1 that run at once."""
    command = [
        benchmark, "-s", socket, "-c", "1", "-P", str(pipeline), "-n", str(operations // programs),
        "-d", REDIS_VALUE, "-r", str(KEYS), "-t", kind, "--csv",
    ]
    before = time_of_children()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(programs)]
    total = 0.0
    for process in running:
        text, _ = process.communicate()
        rows = [row for row in csv.reader(text.splitlines()) if row and row[0].lower() == kind]
        total += float(rows[0][1])
    return Figure(total, 1e6 * (time_of_children() - before) / operations)


def told(who, figures):
    """Medians as text."""
    client_us = statistics.median(figure.client_us for figure in figures)
    return f"{who} {statistics.median(figure.ops_per_s for figure in figures):,.0f}/s at {client_us:.2f} us of client CPU"


def compare(name, bounds, rounds, ours, theirs):
    """Interleaved rounds; True when the median ratio is within the bounds."""
    low, high = bounds
    ratios, mine, others = [], [], []
    for number in range(rounds):
        pair = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        figures = {measure: measure() for measure in pair}
        mine.append(figures[ours])
        others.append(figures[theirs])
        ratios.append(figures[ours].ops_per_s / figures[theirs].ops_per_s)
    ratio = statistics.median(ratios)
    good = low <= ratio <= high
    print(
        f"{'ok  ' if good else 'FAIL'} {name}: {told('dictbench', mine)}, {told('other', others)}, "
        f"ratio {ratio:.3f} [{min(ratios):.3f}, {max(ratios):.3f}], wanted {low:g} to {high:g}",
        flush=True,
    )
    return good


def redis_agreement(folder, rounds):
    server_program = program("redis-server", "valkey-server", install="redis-server (or valkey-server)")
    tools = "redis-tools (or valkey-tools)"
    benchmark = program("redis-benchmark", "valkey-benchmark", install=tools)
    socket = folder / "redis.sock"
    cli = [program("redis-cli", "valkey-cli", install=tools), "-s", socket]
    ready = lambda: subprocess.run([*cli, "ping"], capture_output=True).stdout.strip() == b"PONG"
    arguments = [server_program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder]

    def emptied(measure):  # dictbench wants a database of its own
        def call():
            subprocess.run([*cli, "flushall"], check=True, capture_output=True)
            return measure()
        return call

    # Otherwise redis-benchmark's gets would all miss, and a miss is a third quicker at -P 16 than a hit.
    load = "for i = 0, ARGV[1] - 1 do redis.call('set', string.format('key:%012d', i), ARGV[2]) end"

    def filled(measure):
        def call():
            subprocess.run([*cli, "eval", load, "0", str(KEYS), "x" * int(REDIS_VALUE)], check=True, capture_output=True)
            return measure()
        return call

    good = True
    with server(arguments, socket, ready):
        for kind in ("get", "set"):
            for processes in (1, 3):
                good &= compare(
                    f"redis {kind}, {processes} process(es), against redis-benchmark -c 1", (0.85, 1.15), rounds,
                    emptied(lambda: dictbench(folder, f"redis?address={socket}", kind, 60_000 * processes, processes)),
                    filled(lambda: redis_benchmark(benchmark, socket, kind, 60_000 * processes, processes)),
                )
            good &= compare(
                f"redis?pipeline={PIPELINE} {kind}, against redis-benchmark -c 1 -P {PIPELINE}", (0.8, float("inf")), rounds,
                emptied(lambda: dictbench(folder, f"redis?address={socket}&pipeline={PIPELINE}", kind, 400_000)),
                filled(lambda: redis_benchmark(benchmark, socket, kind, 400_000, pipeline=PIPELINE)),
            )
    return good


def memcslap(socket, kind, operations):
    before = time_of_children()
    text = subprocess.run(
        ["memcslap", "--binary", "-s", socket, "-c", "1", "-e", str(operations), "-t", kind], check=True, capture_output=True, text=True
    ).stdout
    (seconds,) = re.findall(rf"Time to {kind} +\d+ keys by +1 threads: +([\d.]+) seconds", text)
    return Figure(operations / float(seconds), 1e6 * (time_of_children() - before) / operations)


def memcached_agreement(folder, rounds):
    server_program = program("memcached", install="memcached")
    program("memcslap", install="libmemcached-tools")
    socket = folder / "memcached.sock"
    arguments = [server_program, "-s", socket, "-a", "0600", "-m", "1024", "-u", getpass.getuser()]
    operations = 20_000

    def on_fresh_server(measure):  # a flushed one still counts its dead items for a while
        def call():
            with server(arguments, socket, lambda: True):
                return measure()
        return call

    good = True
    for kind in ("get", "set"):
        good &= compare(
            f"memcached {kind}, against memcslap -c 1", (0.75, 1.25), rounds,
            on_fresh_server(lambda: dictbench(folder, f"memcached?address={socket}&protocol=binary&store=set", kind, operations,
                                              key=MEMCACHED_KEY, value=MEMCACHED_VALUE, keys=operations)),
            on_fresh_server(lambda: memcslap(socket, kind, operations)),
        )
    return good


def micro(engine, kind):
    """The same loop in dictbench_micro."""
    text = subprocess.run(
        [MICRO, f"--benchmark_filter=^{kind}/{re.escape(engine)}/", "--benchmark_format=json"], check=True, capture_output=True, text=True
    ).stdout
    benchmarks = json.loads(text)["benchmarks"]
    return Figure(1e9 / benchmarks[0]["real_time"], benchmarks[0]["cpu_time"] / 1e3)


def get_uniform(folder, engine):
    """What dictbench measures with one process."""
    out = folder / "records.jsonl"
    out.unlink(missing_ok=True)
    subprocess.run(
        [COMMAND, "run", "--engine", engine, "--workload", "get-uniform", "--processes", "1", "--repetitions", "1", "--format", "none", "--out", out],
        check=True, stderr=subprocess.DEVNULL,
    )
    return figure_of(out)


def local_agreement(folder, rounds):
    if not MICRO.exists():
        raise Missing("build/dictbench_micro is not built; apt-get install libbenchmark-dev")
    return compare(
        "local get-uniform, against dictbench_micro", (0.85, 1.15), rounds,
        lambda: get_uniform(folder, "local"), lambda: micro("local", "get"),
    )


def harness_cost(folder, rounds):
    """No other program: `null` does nothing, so its time is the harness's."""
    figures = [1e9 / get_uniform(folder, "null").ops_per_s for _ in range(rounds)]
    median = statistics.median(figures)
    good = median <= NULL_NS
    print(
        f"{'ok  ' if good else 'FAIL'} null get-uniform, 1 process: {median:.2f} ns per operation "
        f"[{min(figures):.2f}, {max(figures):.2f}], wanted at most {NULL_NS:g}",
        flush=True,
    )
    return good


COMPARISONS = {"redis": redis_agreement, "memcached": memcached_agreement, "local": local_agreement, "null": harness_cost}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=COMPARISONS, help="one of the comparisons")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dictbench-agreement-") as name:
        folder = pathlib.Path(name)
        good, missing = True, []
        for chosen in [arguments.only] if arguments.only else COMPARISONS:
            try:
                good &= COMPARISONS[chosen](folder, arguments.rounds)
            except Missing as reason:
                print(f"skip {chosen}: {reason}", flush=True)
                missing.append(f"{chosen}: {reason}")
    if missing:
        print(f"not everything was compared: {'; '.join(missing)}", file=sys.stderr)
    if not good:
        return CHECK_FAILED
    return ENVIRONMENT_FAILED if missing else 0


if __name__ == "__main__":
    sys.exit(main())
