"""What holds for every picture, whatever it shows."""

import itertools
import json
import re

import pytest
import synthetic
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from plots import style
from plots.pictures import PICTURES, axis, latency, overview, scaling, throughput
from plots.records import read_records

UNIT = re.compile(r".+ \(.+\)$", re.DOTALL)


def compose_all(cells, modules=PICTURES):
    with style.sheet():
        found = [picture for module in modules for picture in module.compose(cells)]
    for picture in found:
        picture.figure.draw_without_rendering()  # gives ticks and labels their places
    return found


@pytest.fixture(scope="module")
def pictures(cells):
    return compose_all(cells)


@pytest.fixture(scope="module")
def many_pictures(many_cells):
    """The overview of all; of the others, which draw each group alike, two groups."""
    some = [cell for cell in many_cells if cell.workload in ("values", "pyshmht-64b", "mpdict-1m")]
    return compose_all(many_cells, [overview]) + compose_all(some, [each for each in PICTURES if each != overview])


def shown_ticks(axes):
    """(axis, its printed labels)."""
    for each, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        labels = []
        for tick in each.get_major_ticks():
            if min(limits) <= tick.get_loc() <= max(limits) and tick.label1.get_visible() and tick.label1.get_text():
                labels.append(tick.label1)
        yield each, labels


def texts(figure):
    found = list(figure.texts)
    for axes in figure.axes:
        found += axes.texts
        for each, labels in shown_ticks(axes):
            found += [*labels, each.label]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def test_every_kind_of_picture_is_drawn(pictures):
    kinds = {picture.name.split("-")[0] for picture in pictures}
    assert kinds == {"throughput", "scaling", "latency", "memory", "switches"}
    assert len({picture.name for picture in pictures}) == len(pictures)
    assert all(picture.title and picture.caption.endswith(".") for picture in pictures)


def test_every_axis_has_a_label_with_a_unit(pictures, many_pictures):
    for picture in pictures + many_pictures:
        assert picture.figure.axes
        for axes in picture.figure.axes:
            for each, labels in shown_ticks(axes):
                if labels:
                    assert UNIT.match(each.label.get_text()), (picture.name, each.label.get_text())
        for dimension in ("xaxis", "yaxis"):
            assert any(labels for axes in picture.figure.axes for each, labels in shown_ticks(axes)
                       if each is getattr(axes, dimension)), picture.name


def test_titles_and_notes_say_processes_and_host(pictures):
    for picture in pictures:
        told = " ".join(text.get_text() for text in picture.figure.texts)
        assert picture.title in told
        assert "Example Processor @ 2.25GHz, 2 CPUs" in told.replace("\n", " ")
        assert "3 processes" in told


def test_text_neither_overlaps_nor_leaves_the_picture(pictures, many_pictures):
    for picture in pictures + many_pictures:
        renderer = picture.figure.canvas.get_renderer()
        page = picture.figure.bbox
        boxes = [(text.get_text(), text.get_window_extent(renderer).padded(-0.75)) for text in texts(picture.figure)]
        for text, box in boxes:
            assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, (
                picture.name, text)
        boxes.sort(key=lambda pair: pair[1].x0)
        for index, (text, box) in enumerate(boxes):
            for other, beside in itertools.takewhile(lambda pair: pair[1].x0 < box.x1, boxes[index + 1:]):
                assert beside.y1 <= box.y0 or box.y1 <= beside.y0, (picture.name, text, other)


def test_no_broken_cell_is_ever_drawn(tmp_path):
    absurd = 7.77e15
    broken = {"status": "invalid: a worker died"}, {"status": "unavailable: no server"}, {
        "verified": "failed: 3 keys lost"}, {"verified": "not done: no time"}
    lines = [synthetic.run_line()]
    for processes, repetition in itertools.product((1, 2), range(2)):
        for engine in ("redis", "lmdb"):
            lines.append(synthetic.cell_line(engine, processes=processes, repetition=repetition))
        for index, change in enumerate(broken):
            cell = synthetic.cell_line(f"broken-{index}", processes=processes, repetition=repetition, ops=1,
                                       speed=absurd, **change)
            cell["latency_ns"].update(p50=absurd, p90=absurd, p99=absurd, p999=absurd)
            cell["memory"]["bytes_per_item"] = absurd
            cell["rusage"].update(voluntary_switches=absurd, involuntary_switches=absurd)
            lines.append(cell)
        # One broken repetition of an engine that is otherwise well.
        lines.append(dict(cell, engine="lmdb", repetition=5, verified="ok", status="invalid: a worker died"))
    file = tmp_path / "broken.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for picture in compose_all(read_records([file]).cells):
        for axes in picture.figure.axes:
            assert max(*axes.get_xlim(), *axes.get_ylim()) < absurd / 10, picture.name
        for line in picture.figure.findobj(Line2D):
            if line.get_marker() not in (None, "None", ""):
                assert absurd not in [*line.get_xdata(), *line.get_ydata()], picture.name
        assert all(bar.get_width() < absurd for bar in picture.figure.findobj(Rectangle))
        words = [text.get_text() for text in texts(picture.figure)]
        assert not any("7.77" in word or "7770" in word for word in words), picture.name


def test_a_broken_engine_is_named_with_a_reason_in_the_speed_s_place(pictures):
    (picture,) = [picture for picture in pictures if picture.name == "throughput-single"]
    words = [text.get_text() for text in texts(picture.figure)]
    assert {"unavailable", "wrong data", "invalid"} <= set(words)


def test_the_harness_s_own_cost_stands_apart(pictures):
    (picture,) = [picture for picture in pictures if picture.name == "throughput-single"]
    positions = picture.figure.axes[0].get_yticks()
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert names[-1] == "null: harness alone"
    assert positions[-1] - positions[-2] > positions[1] - positions[0]
    (scaling,) = [picture for picture in pictures if picture.name == "scaling-single"]
    assert any(text.get_text().startswith("harness alone: ") for text in scaling.figure.texts)


def test_two_draws_give_the_same_bytes(cells, tmp_path):
    some = [cell for cell in cells if cell.workload == "churn"]
    for module in PICTURES:
        once, twice = (module.draw(some, tmp_path / folder) for folder in ("once", "twice"))
        assert once and len(once) == len(twice)
        for one, two in zip(once, twice):
            for suffix in (".svg", ".png"):
                assert (one.svg_file.with_suffix(suffix).read_bytes() ==
                        two.svg_file.with_suffix(suffix).read_bytes()), one.name
            text = one.svg_file.read_text()
            assert "<dc:date>" not in text and "dictbench" in text


def test_a_single_cell_is_enough(tmp_path):
    file = tmp_path / "one.jsonl"
    file.write_text(synthetic.as_text([synthetic.run_line(), synthetic.cell_line("lmdb", workload="mine", scale=0.01)]))
    found = compose_all(read_records([file]).cells)
    assert {picture.name for picture in found} == {
        "throughput-overview-other", "throughput-other", "latency-other", "memory-other", "switches-other"}
    told = " ".join(text.get_text() for text in found[0].figure.texts)
    assert "1 process " in told and "scale 0.01" in told and "no interval" in told


def test_an_overview_has_at_most_a_dozen_rows_and_an_axis_at_both_ends(many_cells):
    found = overview.compose(many_cells)
    assert len({picture.name for picture in found}) == len(found) > 1
    for picture in found:
        assert 0 < len(picture.shown.tasks) <= 12
        (axes,) = picture.figure.axes
        tick = axes.xaxis.get_major_ticks()[0]
        assert tick.label1.get_visible() and tick.label2.get_visible()


ENGINES = ("null", "local", "lockfree", "bucket-table", "stream-log", "boost-map", "lmdb", "sqlite-wal", "memcached", "redis")
PHASES = ("load", "get", "get-half-absent", "get-batch-32", "zipf-95-5", "update", "set-batch-32", "add", "churn")


def test_scaling_over_a_suite_s_phases_fits_on_one_screen(tmp_path):
    found = pictures_of(tmp_path, [scaling], *(
        synthetic.cell_line(engine, "large", phase, count, speed=1e6 * count * (1 + index))
        for index, engine in enumerate(ENGINES) for phase in PHASES for count in (1, 2)))
    (picture,) = found.values()
    lefts = {round(axes.get_position().x0, 3) for axes in picture.figure.axes}
    tops = {round(axes.get_position().y1, 3) for axes in picture.figure.axes}
    assert (len(picture.figure.axes), len(lefts), len(tops)) == (9, 3, 3)
    width, height = picture.figure.get_size_inches()
    assert height <= 1.05 * width  # 890 pixels of a window that is 850 wide


def test_scaling_with_long_names_takes_pictures_of_two_columns(tmp_path):
    engine = "sqlite-wal?sync=off&batch=64"
    found = pictures_of(tmp_path, [scaling], *(synthetic.cell_line(name, "large", phase, count, speed=1e6 * count)
                                               for name in (engine, "lmdb") for phase in PHASES for count in (1, 2)))
    assert [(name, len(picture.figure.axes)) for name, picture in found.items()] == [
        ("scaling-large-1", 6), ("scaling-large-2", 3)]
    assert len({picture.title for picture in found.values()}) == 2


def test_labels_are_spread_without_changing_their_order():
    placed = axis.spread([1.0, 1.05, 0.98, 3.0], gap=0.2, low=0, high=4)
    assert placed[2] < placed[0] < placed[1] < placed[3] == 3.0
    gaps = [upper - lower for lower, upper in zip(sorted(placed), sorted(placed)[1:])]
    assert min(gaps) >= 0.2 - 1e-9
    assert axis.spread([0.0, 0.0, 4.0], gap=0.5, low=0, high=4) == [0.0, 0.5, 4.0]


@pytest.mark.parametrize("low,high,most,ticks", [
    (3e3, 2e9, 6, [1e4, 1e5, 1e6, 1e7, 1e8, 1e9]), (3e3, 2e9, 3, [1e4, 1e6, 1e8]), (1.1e3, 9e3, 4, [2e3, 5e3]),
])
def test_log_ticks_are_few_and_round(low, high, most, ticks):
    assert axis.log_ticks(low, high, most) == pytest.approx(ticks)


def test_byte_ticks_are_round_in_their_unit():
    assert axis.byte_ticks(177, 4) == [0, 50, 100, 150]
    assert axis.byte_ticks(1.2 * 2**20, 4) == [0, 0.5 * 2**20, 2**20]


def pictures_of(tmp_path, modules, *lines):
    file = tmp_path / "records.jsonl"
    file.write_text(synthetic.as_text([synthetic.run_line(), *lines]))
    return {picture.name: picture for picture in compose_all(read_records([file]).cells, modules)}


def words_of(picture):
    return [text.get_text() for text in texts(picture.figure)]


def test_only_percentiles_that_are_known_are_drawn_and_named(tmp_path):
    few = {"samples": 150, "one_in": 64, "p50": 700.0, "p90": 900.0, "max": 9e4}
    (picture,) = pictures_of(tmp_path, [latency], synthetic.cell_line("lmdb", latency_ns=few),
                             synthetic.cell_line("redis", latency_ns=dict(few, p50=800.0))).values()
    told = " ".join(words_of(picture))
    assert "p90" in told and "p99" not in told
    assert "p99.9" not in picture.caption
    assert picture.shown.metrics == ("p50", "p90")


def test_latencies_say_whether_the_loop_is_closed_or_open(tmp_path):
    found = pictures_of(
        tmp_path, [latency, throughput, scaling],
        *(synthetic.cell_line(engine, "open-loop", phase, count, speed=5e4, work={"arrival_rate": 5e4})
          for engine in ("redis", "lmdb") for phase in ("in-process", "servers") for count in (1, 2)),
        *(synthetic.cell_line(engine, "growth-tail", speed=speed) for engine, speed in (("redis", 1e5), ("lmdb", 2e5))))
    assert set(found) == {"latency-tails", "latency-tails-in-process", "latency-tails-servers", "throughput-tails"}
    assert found["latency-tails"].title == "Latency, closed loop: tails (growth-tail)"
    assert found["latency-tails-servers"].title == "Latency, open loop at 50 k op/s: open-loop · servers"
    assert not any("open-loop" in word for word in words_of(found["throughput-tails"]))


def test_open_loops_are_ordered_by_their_tails(tmp_path):
    def line(engine, p50, p999):
        return synthetic.cell_line(engine, "open-loop", "servers", work={"arrival_rate": 5e4}, latency_ns={
            "samples": 20000, "one_in": 1, "p50": p50, "p90": 2 * p50, "p99": 3 * p50, "p999": p999, "max": 1e9})

    (picture,) = pictures_of(tmp_path, [latency], line("redis", 100.0, 9e6), line("lmdb", 200.0, 9e3)).values()
    assert [label.get_text() for label in picture.figure.axes[0].get_yticklabels()] == ["lmdb", "redis"]


def test_what_was_not_done_in_time_stands_in_the_speed_s_place(tmp_path):
    (picture,) = pictures_of(tmp_path, [throughput], synthetic.cell_line("lmdb", "large", "load"), synthetic.cell_line(
        "redis", "large", "load", ops_per_s=0, status="unfinished: not in 30 s: 410,000 of 1,000,000")).values()
    assert "not in 30 s: 410,000 of 1,000,000" in words_of(picture)


def test_nobody_gains_a_rank_by_what_was_not_done_in_time(tmp_path):
    def line(engine, phase, speed, **changes):
        return synthetic.cell_line(engine, "large", phase, speed=speed, **changes)

    lines = [line("lmdb", "load", 1e6), line("redis", "load", 1.0, status="unfinished: not in 30 s: 4 of 5"),
             line("lockfree", "load", 2e5), line("lmdb", "get", 1e6), line("redis", "get", 1.1e6),
             line("lockfree", "get", 9e5)]
    (picture,) = pictures_of(tmp_path, [throughput], *lines).values()
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert names == ["lmdb", "lockfree", "redis"]
