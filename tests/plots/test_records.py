import json

import pytest
import synthetic

from plots import summary
from plots.records import RecordError, read_records


def write(path, *lines, end="\n"):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + end)
    return path


def test_reads_runs_and_cells(suite_file):
    records = read_records([suite_file])
    assert [run.run_id for run in records.runs] == ["run-1"]
    assert len(records.cells) == 7 * 6 * 3 * 5
    assert records.cells[0].host == "Example Processor @ 2.25GHz, 2 CPUs"
    assert records.cells[0].cpus == 2


def test_a_cut_last_line_is_skipped_even_where_it_is_whole_json(tmp_path):
    run, cell = synthetic.run_line(), synthetic.cell_line()
    assert len(read_records([write(tmp_path / "a", run, cell, '{"type":"ce', end="")]).cells) == 1
    assert len(read_records([write(tmp_path / "b", run, cell, cell, end="")]).cells) == 1
    assert read_records([write(tmp_path / "c", end="")]).cells == []


@pytest.mark.parametrize("line,reason", [
    ('{"type":"ce', "a.jsonl:2: no JSON"),
    ("[1]", "a.jsonl:2: no record"),
    ({"type": "note"}, "a.jsonl:2: no record"),
    (dict(synthetic.run_line(), schema=2), "a.jsonl:2: schema 2"),
    ({"type": "cell", "run_id": "run-1"}, "a.jsonl:2: field 'engine' is missing"),
    (synthetic.cell_line(ops="many"), "a.jsonl:2: field 'ops' must be a whole number of at least 0, not \"many\""),
    (synthetic.cell_line(ops_per_s=-1), "a.jsonl:2: field 'ops_per_s' must be a number"),
    (synthetic.cell_line(memory=[]), "a.jsonl:2: field 'memory' must be an object"),
    ("", "a.jsonl:2: no JSON"),
])
def test_what_is_no_record_is_one_clear_line(tmp_path, line, reason):
    file = write(tmp_path / "a.jsonl", synthetic.run_line(), line, synthetic.cell_line())
    with pytest.raises(RecordError) as error:
        read_records([file])
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_the_python_tier_is_not_drawn(tmp_path):
    file = write(tmp_path / "a", synthetic.run_line(), synthetic.cell_line(), dict(synthetic.cell_line(), tier="python"))
    assert len(read_records([file]).cells) == 1


def test_a_load_of_keys_that_were_there_is_not_drawn(tmp_path):
    work = {"keys": 512, "warm_up_s": 0.0}
    lines = [synthetic.cell_line(phase="load-2k", work=work),
             synthetic.cell_line(phase="load-8k", work={**work, "overwrites": True})]
    records = read_records([write(tmp_path / "r.jsonl", synthetic.run_line(), *lines)])
    assert [cell.phase for cell in records.cells] == ["load-2k"]


def test_the_samples_of_a_gate_are_left_to_its_table(tmp_path):
    file = write(tmp_path / "a", synthetic.run_line(), {"type": "gate", "run_id": "run-1", "looks": []}, synthetic.cell_line())
    assert len(read_records([file]).cells) == 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match="absent.jsonl: cannot be read: No such file"):
        read_records([tmp_path / "absent.jsonl"])


def test_records_of_two_machines_do_not_mix(tmp_path):
    one = write(tmp_path / "one", synthetic.run_line("a"))
    two = write(tmp_path / "two", synthetic.run_line("b", cpus="64"))
    with pytest.raises(RecordError, match="2 machines"):
        read_records([one, two])


def test_a_changed_workload_leaves_its_old_records_out(tmp_path):
    cells = [synthetic.cell_line(workload_hash=text, ops_per_s=speed)
             for text, speed in (("old", 1.0), ("new", 2.0), ("new", 3.0))]
    records = read_records([write(tmp_path / "a", synthetic.run_line(), *cells)])
    assert [cell.ops_per_s for cell in records.cells] == [2.0, 3.0]
    assert records.notes == ["Older records of get-uniform are left out: the workload has changed since."]


def test_only_valid_and_verified_cells_may_be_drawn(tmp_path):
    told = {
        ("ok", "ok"): "",
        ("ok", "not applicable: null keeps nothing"): "",
        ("ok", "failed: 3 keys lost"): "wrong data: 3 keys lost",
        ("ok", "not done: no time"): "not verified: no time",
        ("ok", "fine"): "not verified: fine",
        ("invalid: worker 2 died", "ok"): "invalid: worker 2 died",
        ("unavailable: no lmdb", "not done: no run"): "unavailable: no lmdb",
    }
    lines = [synthetic.cell_line(status=status, verified=verified) for status, verified in told]
    found = read_records([write(tmp_path / "a", synthetic.run_line(), *lines)]).cells
    assert [cell.fault for cell in found] == list(told.values())
    assert [cell.drawable for cell in found] == [reason == "" for reason in told.values()]


def test_only_records_of_the_same_work_stand_together(tmp_path):
    file = write(tmp_path / "r.jsonl", synthetic.run_line(), synthetic.cell_line("lmdb"), synthetic.cell_line("redis"),
                 synthetic.cell_line("lmdb", scale=0.1), synthetic.cell_line("redis", workload="churn", scale=0.1))
    records = read_records([file])
    assert [(cell.engine, cell.workload, cell.scale) for cell in records.cells] == [
        ("lmdb", "get-uniform", 1), ("redis", "get-uniform", 1), ("redis", "churn", 0.1)]
    assert records.notes == ["Records of get-uniform at a smaller scale are left out: they did other work."]
    assert len(records.all_cells) == 4


def test_fields_that_a_line_lacks_have_their_defaults(tmp_path):
    line = {name: value for name, value in synthetic.cell_line().items()
            if name in ("type", "run_id", "engine", "workload", "processes", "repetition", "verified", "status")}
    (cell,) = read_records([write(tmp_path / "r.jsonl", synthetic.run_line(), line)]).cells
    assert (cell.scale, cell.tier, cell.work, cell.latency_ns, cell.memory) == (1.0, "c++", {}, None, {})
    assert cell.host != "unknown host" and cell.origin == "r.jsonl:2"
    assert not cell.open_loop


def test_what_was_not_done_in_time_says_so_in_the_record_s_words(tmp_path):
    line = synthetic.cell_line(status="unfinished: not in 30 s: 410,000 of 1,000,000", ops_per_s=0)
    cells = read_records([write(tmp_path / "r.jsonl", synthetic.run_line(), line)]).cells
    ((_, fault),) = summary.faults(cells).items()
    assert (fault.reason, fault.word, fault.unfinished) == (
        "not in 30 s: 410,000 of 1,000,000", "not in 30 s", True)
    assert not cells[0].drawable
