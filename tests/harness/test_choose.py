"""dictbench choose: exit codes, questions, workload files, and records of one's own."""

import json
import os
import pty
import subprocess

import pytest

from locations import ROOT

RECORDS = ROOT / "results" / "hosts" / "amd-epyc-2-cores"
HOST = "amd-epyc-2-cores"


def test_the_best_engine_is_named_with_its_figures(dictbench):
    result = dictbench("choose", "--host", HOST, "--must", "survives-kill,linearizable", "--format", "json")
    assert result.returncode == 0, result.stderr
    fits, excluded = json.loads(result.stdout)[:2]
    columns = [column["name"] for column in fits["columns"]]
    best = dict(zip(columns, fits["rows"][0]))
    assert best["ops/s"] and best["p99"] and best["B/item"]
    assert "survives-kill tested" in best["promises"]
    assert ["boost-map", "does not survive a killed writer"] in excluded["rows"]


def test_records_of_a_workload_that_has_changed_are_judged_by_its_earlier_file(dictbench):
    result = dictbench("choose", "--host", "intel-xeon-2-cores", "--reads", "1", "--value-size", "100K")
    assert result.returncode == 0, result.stdout
    assert "Measured: workload values" in result.stdout
    # It holds 16,384 keys and was not tried with the shorter values, of which there are more.
    assert "| blob " not in result.stdout.partition("**Excluded**")[2].partition("**")[0]
    assert "--engine blob --workload need.toml" in result.stdout


def test_nothing_fits_is_one(dictbench):
    result = dictbench("choose", "--host", HOST, "--ops", "900G/s")
    assert result.returncode == 1
    assert "Nothing fits" in result.stdout and "is below 900 G/s" in result.stdout


def test_durable_engines_that_nobody_measured_are_named_with_their_command(dictbench):
    result = dictbench("choose", "--host", HOST, "--must", "durable", "--results", RECORDS / "standard.jsonl")
    assert result.returncode == 1
    assert "dictbench run --engine 'lmdb?sync=full' --workload zipf-95-5 --processes 2" in result.stdout
    assert "dictbench torture --engine 'lmdb?sync=full' --faults durable" in result.stdout


def test_without_records_it_is_three_and_says_what_to_run(dictbench, tmp_path):
    empty = dict(os.environ, DICTBENCH_RESULTS=str(tmp_path / "none"))
    result = dictbench("choose", env=empty)
    assert result.returncode == 3
    assert "dictbench run --engine lockfree --workload zipf-95-5" in result.stdout


def test_what_nothing_can_fulfil_is_answered_with_the_reasons(dictbench):
    """A value of 500 bytes in 120: no mistake of the syntax, so every engine is excluded, and told why."""
    result = dictbench("choose", "--processes", "8", "--reads", "0.95", "--value-size", "500", "--must", "survives-kill,durable",
                       "--max-bytes-per-item", "120", "--p99", "50us")
    assert result.returncode == 1, result.stderr
    assert "**Nothing fits: 8 processes" in result.stdout
    assert "B an item > 120 B" in result.stdout.split("**Excluded**")[1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--p99", "50"], "--p99 '50': allowed is a time with its unit"),
        (["--ops", "2M"], "--ops '2M': allowed is a rate with its unit"),
        (["--reads", "95%"], "--reads '95%': allowed is a share from 0 to 1"),
        (["--must", "fast"], "--must 'fast': allowed is shared, survives-kill"),
        (["--host", "nosuch"], "--host 'nosuch': allowed is a host that the records have: "),
        (["--write-workload", "need.txt"], "a name that ends in .toml"),
        (["--workload", "nosuch.toml"], "nosuch.toml"),
        (["--results", "nosuch.jsonl"], "nosuch.jsonl"),
        (["--processes", "300", "--write-workload", "need.toml"], "processes"),
    ],
)
def test_bad_input_is_one_line_and_two(dictbench, arguments, words):
    result = dictbench("choose", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_records_of_another_machine_are_told(dictbench, tmp_path):
    lines = (RECORDS / "standard.jsonl").read_text().splitlines()
    foreign = tmp_path / "foreign.jsonl"
    run = json.loads(lines[0])
    run["host"]["cpu_model"] = "Nobody's CPU"
    cells = [line for line in lines[1:] if '"workload":"small"' in line.replace(": ", ":")]
    foreign.write_text("\n".join([json.dumps(run), *cells]) + "\n")
    result = dictbench("choose", "--results", foreign)
    assert result.returncode == 0
    assert "Another machine's records: nobody-s-2-cores" in result.stdout


def ask(dictbench, answers):
    return dictbench("choose", "--host", HOST, "--interactive", input=answers)


def test_questions_have_defaults_and_are_asked_again(dictbench):
    result = ask(dictbench, "8\nhalf\n0.5\n\n\n1000\n\nsurvives-kill, shared\n\n\n\n\n")
    assert result.returncode == 0, result.stderr
    assert "How many processes work on the dict at once?" in result.stderr
    assert "--reads 'half': allowed is a share" in result.stderr
    assert result.stderr.count("What share of the operations reads?") == 2
    told = result.stderr.strip().splitlines()[-1]
    assert told == (
        "The same without questions: dictbench choose --processes 8 --reads 0.5 --value-size 1000 "
        "--must shared,survives-kill"
    )
    same = dictbench(*told.split("dictbench ")[1].split(), "--host", HOST)
    assert same.stdout == result.stdout


def test_in_a_terminal_without_options_it_asks(dictbench, tmp_path):
    terminal, program = pty.openpty()
    os.write(terminal, b"\n" * 20)
    result = dictbench("choose", stdin=program)
    os.close(program)
    os.close(terminal)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("[") == 11 and "The same without questions" in result.stderr
    assert "How many" not in dictbench("choose", "--reads", "1", stdin=subprocess.DEVNULL).stderr


def test_the_end_of_the_answers_takes_the_defaults(dictbench):
    result = ask(dictbench, "")
    assert result.returncode == 0
    assert result.stderr.strip().endswith("dictbench choose --processes 2 --reads 0.95")


def test_answers_that_end_with_a_wrong_one_are_refused(dictbench):
    result = ask(dictbench, "many\n")
    assert result.returncode == 2
    assert "--processes 'many'" in result.stderr


def test_a_workload_of_ones_own_is_written_measured_and_judged(dictbench):
    asked = ["--processes", "2", "--reads", "0.7", "--value-size", "300", "--items", "2000"]
    written = dictbench("choose", *asked, "--write-workload", "need.toml")
    assert written.returncode == 0, written.stderr
    assert "dictbench run --workload need.toml" in written.stderr
    run = dictbench("run", "--engine", "lockfree", "--engine", "boost-map", "--workload", "need.toml", "--processes", "2",
                    "--repetitions", "2", "--seed", "5", "--out", "need.jsonl")
    assert run.returncode == 0, run.stderr
    result = dictbench("choose", *asked, "--workload", "need.toml", "--results", "need.jsonl", "--format", "json")
    assert result.returncode == 0, result.stderr
    fits = json.loads(result.stdout)[0]
    assert {row[0] for row in fits["rows"]} == {"lockfree", "boost-map"}
    assert "Extrapolated" not in result.stdout
    # Without the file nobody knows what the records' workload did.
    assert dictbench("choose", *asked, "--results", "need.jsonl").returncode == 3


@pytest.mark.parametrize("kind", [["--writes-are", "churn", "--reads", "0.5"], ["--writes-are", "adds", "--reads", "0.2"],
                                  ["--reads-are", "scans"], ["--reads", "1"], ["--reads", "0"]])
def test_a_workload_can_be_written_for_every_kind(dictbench, kind):
    assert dictbench("choose", *kind, "--items", "500", "--write-workload", "need.toml").returncode == 0
    run = dictbench("run", "--engine", "boost-map", "--workload", "need.toml", "--repetitions", "1", "--scale", "0.1",
                    "--out", "need.jsonl")
    assert run.returncode == 0, run.stderr
    result = dictbench("choose", *kind, "--items", "500", "--workload", "need.toml", "--results", "need.jsonl")
    assert result.returncode == 0, result.stdout


def test_records_of_ones_own_stand_beside_the_committed_ones(dictbench, tmp_path):
    lines = (RECORDS / "standard.jsonl").read_text().splitlines()
    more = tmp_path / "more.jsonl"
    run = json.loads(lines[0])
    cells = []
    for line in lines[1:]:
        cell = json.loads(line)
        if cell["type"] == "cell" and cell["workload"] == "large" and cell["engine"] == "lockfree":
            cell["engine"] = "lockfree?partitions=2"
            cells.append(json.dumps(cell))
    more.write_text("\n".join([json.dumps(run), *cells]) + "\n")
    result = dictbench("choose", "--host", HOST, "--also", more)
    assert result.returncode == 0
    assert "lockfree?partitions=2" in result.stdout and "bucket-table" in result.stdout
