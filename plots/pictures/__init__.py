"""The pictures. Each module has compose(cells) -> [Picture], and draw(cells, out_folder) -> [Drawn], which writes
them as SVG and PNG.

`cells`: all cells of the records; a picture takes what it shows, and the looks of engines come from all of them.
"""

from typing import NamedTuple

from plots.pictures import latency, memory, overview, scaling, switches, throughput


class Section(NamedTuple):
    title: str
    introduction: str
    modules: tuple


SECTIONS = (
    Section("Throughput", "How many operations per second all processes do together.", (overview, throughput)),
    Section("Scaling", "What more processes bring: none waits for another, or all wait for one lock.", (scaling,)),
    Section("Latency", "How long one call takes, for the typical call and for the slow ones.", (latency,)),
    Section("Memory", "What a dict costs, per item that it holds.", (memory,)),
    Section("Context switches", "How often a process has to wait, or is put aside.", (switches,)),
)
PICTURES = tuple(module for section in SECTIONS for module in section.modules)
