"""Who makes shared things and who removes them: the process that made one, when the object goes or at its exit."""

import functools
import threading
from multiprocessing.util import Finalize
from typing import Callable, Optional

from . import _core, names

# What engines are told to expect of one entry.
_KEY_BYTES = 32
_VALUE_BYTES = 64


@functools.lru_cache(maxsize=None)
def _remove_leftovers() -> None:
    """Once in a process: what killed owners left, as every dictbench command does."""
    _core.remove_leftovers()
    names.remove_dead()


def create(spec: str) -> _core.Owner:
    _remove_leftovers()
    make = functools.partial(_core.Owner, spec, _KEY_BYTES, _VALUE_BYTES)
    if not _core.contract(spec)["needs_server"] or threading.current_thread() is threading.main_thread():
        return make()
    return _made_by_lasting_thread(make)


def _made_by_lasting_thread(make: Callable[[], _core.Owner]) -> _core.Owner:
    """A private server ends with the thread that started it, which here is one that lasts as long as the process."""
    made, results = threading.Event(), []

    def work() -> None:
        try:
            results.append(make())
        except Exception as error:  # told to the caller
            results.append(error)
        made.set()
        if isinstance(results[0], _core.Owner):
            threading.Event().wait()

    threading.Thread(target=work, name="dictbench-server", daemon=True).start()
    made.wait()
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


def destroy_with(holder: object, name: Optional[str], entry: names.Entry, owner: _core.Owner) -> Finalize:
    """Destroys the shared thing when the holder goes, when the result is called, or at the exit of this process.

    Finalize instead of weakref.finalize because that is silent at the exit of a worker of multiprocessing. It does
    nothing in a forked child. The priority lets children that this process waits for at its exit end first.
    """
    return Finalize(holder, _destroy, (name, entry, owner), exitpriority=-100)


def _destroy(name: Optional[str], entry: names.Entry, owner: _core.Owner) -> None:
    try:
        if name is not None:
            names.release(name, entry)
    finally:
        owner.close()
