"""The Python tier: the documents' programs over Python's shared dicts, as records like those of `dictbench run`.

    rows/      who does it: one adapter a file        programs/  what to do: one program of the documents a file
    cell.py    one repetition in a process of its own  workers.py, meters.py, host.py, records.py: as harness/ and results/

Run from the tree's root: PYTHONPATH=build/python:python /usr/bin/python3 -m tier --help
"""
