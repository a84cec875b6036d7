"""The pictures. Each module has compose(cells) -> [Picture] and draw(cells, out_folder) -> [files written].

`cells`: all cells of the records; a picture takes what it shows, and the looks of engines come from all of them.
"""

from plots.pictures import latency, memory, overview, scaling, switches, throughput

PICTURES = (overview, throughput, scaling, latency, memory, switches)
