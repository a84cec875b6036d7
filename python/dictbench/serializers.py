"""What stores objects other than plain values: pickle, or any object with dumps() and loads()."""

import importlib
import io
import pickle
import types
from typing import Any, Callable, NamedTuple, Union


class Functions(NamedTuple):
    dump_key: Callable[[Any], Union[bytes, str]]
    dump_value: Callable[[Any], Union[bytes, str]]
    load: Callable[[bytes], Any]


def _pickle_key(key: Any) -> bytes:
    """Equal keys to equal bytes: pickle's memo would tell ("a", "a") of one object from the same of two."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.fast = True  # without memo
    pickler.dump(key)
    return buffer.getvalue()


def _pickle_value(value: Any) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def functions_of(serializer: Any) -> Functions:
    if serializer is pickle:
        return Functions(_pickle_key, _pickle_value, pickle.loads)
    for name in ("dumps", "loads"):
        if not callable(getattr(serializer, name, None)):
            raise TypeError(f"serializer {serializer!r} has no {name}(); modules like pickle and json have")
    return Functions(serializer.dumps, serializer.dumps, serializer.loads)


def to_picklable(serializer: Any) -> Any:
    """Modules cannot be pickled; their names can."""
    return ("module", serializer.__name__) if isinstance(serializer, types.ModuleType) else ("object", serializer)


def from_picklable(form: Any) -> Any:
    kind, serializer = form
    return importlib.import_module(serializer) if kind == "module" else serializer
