"""Pictures and a report from dictbench's records. Reads record files only; runs nothing.

The way of a figure: records.py (lines to cells) -> metrics.py (one number of a cell) -> summary.py (median and
interval over repetitions) -> pictures/ (SVG and PNG) -> report/ (one HTML page).
"""
