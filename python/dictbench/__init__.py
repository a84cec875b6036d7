"""Dicts that processes share: `SharedDict` over each of dictbench's engines. docs/python.md tells how to use it."""

from ._core import Corrupt, Disconnected, Error, Full, Timeout, TooLarge, Unavailable, Unsupported, contract, engines
from .shared_dict import SharedDict

__all__ = [
    "Corrupt",
    "Disconnected",
    "Error",
    "Full",
    "SharedDict",
    "Timeout",
    "TooLarge",
    "Unavailable",
    "Unsupported",
    "contract",
    "engines",
]
