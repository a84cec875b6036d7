"""SharedDict: a mapping that several processes have in common, in any of dictbench's engines."""

import os
import pickle
import urllib.parse
from typing import Any, Optional

from . import _core, names, ownership, serializers
from .mapping import Mapping


class SharedDict(Mapping):
    """A dict that processes share.

    SharedDict() creates one without a name. SharedDict("name") creates the dict of that name, or attaches to it if a
    living process has created it. Whoever creates it owns it: it is destroyed when the owner closes it, drops its last
    reference to it or exits. Every other object, an unpickled one too, is only attached and destroys nothing.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        engine: str = "lockfree",
        *,
        serializer: Any = pickle,
        **options: Any,
    ) -> None:
        """Creates a dict or, if there is one of that name, attaches to it.

        engine: a name from dictbench.engines() or a spec like "redis?transport=tcp"; options are added to the spec:
        max="1G". A dict that is there already must be of this engine, and of these options if any are given.
        """
        spec = _spec_text(engine, options)
        if name is None:
            self._create(None, spec, serializer)
            return
        with names.locked(name) as lock:
            entry = lock.read()
            if entry is None:
                lock.write(self._create(name, spec, serializer))
                return
        if spec not in (entry.spec, entry.spec.partition("?")[0]):
            raise ValueError(f"dict {name!r} is {entry.spec!r}, not {spec!r}; SharedDict.attach() takes it as it is")
        self._attach_to(name, entry.spec, entry.address, serializer)

    @classmethod
    def create(
        cls,
        name: Optional[str] = None,
        engine: str = "lockfree",
        *,
        serializer: Any = pickle,
        **options: Any,
    ) -> "SharedDict":
        """Creates a dict; dictbench.Unavailable where there is one of that name."""
        spec = _spec_text(engine, options)
        created = cls.__new__(cls)
        if name is None:
            created._create(None, spec, serializer)
            return created
        with names.locked(name) as lock:
            if (entry := lock.read()) is not None:
                raise _core.Unavailable(f"there is a dict {name!r} already, of process {entry.owner.partition('.')[0]}")
            lock.write(created._create(name, spec, serializer))
        return created

    @classmethod
    def attach(cls, target: str, *, serializer: Any = pickle) -> "SharedDict":
        """Attaches to a dict by its name or its endpoint; dictbench.Unavailable where there is none."""
        attached = cls.__new__(cls)
        if "@" in target:
            spec, _, address = target.partition("@")
            attached._attach_to(None, urllib.parse.unquote(spec), address, serializer)
            return attached
        entry = names.find(target)
        if entry is None:
            raise _core.Unavailable(f"there is no dict {target!r}, or its owner is gone")
        attached._attach_to(target, entry.spec, entry.address, serializer)
        return attached

    def _create(self, name: Optional[str], spec: str, serializer: Any) -> names.Entry:
        owner = ownership.create(spec)
        entry = names.Entry(spec, owner.address, _core.identity())
        self._destroy = ownership.destroy_with(self, name, entry, owner)
        self._attach_to(name, spec, entry.address, serializer)
        self._owner = owner
        self._owner_pid = os.getpid()
        return entry

    def _attach_to(self, name: Optional[str], spec: str, address: str, serializer: Any) -> None:
        promises = _core.contract(spec)
        functions = serializers.functions_of(serializer)
        self._attach(spec, address, *functions, not promises["binary_keys"])
        self._name, self._spec, self._address, self._serializer = name, spec, address, serializer
        self._shared = promises["shared_between_processes"]

    @property
    def name(self) -> Optional[str]:
        return self._name

    @property
    def engine(self) -> str:
        """The engine and its options, as text."""
        return self._spec

    @property
    def endpoint(self) -> str:
        """Text by which any process of the same user attaches: SharedDict.attach(endpoint)."""
        return f"{urllib.parse.quote(self._spec, safe='?=&/:.,-_')}@{self._address}"

    @property
    def is_owner(self) -> bool:
        """Whether the dict is destroyed with this object. Never so in a forked child."""
        return getattr(self, "_owner_pid", None) == os.getpid() and self._destroy.still_active()

    @property
    def storage_bytes(self) -> int:
        """Bytes that the dict occupies outside the processes' own memory; known to the owner only."""
        self._require_owner("storage_bytes")
        return self._owner.storage_bytes

    @property
    def server_pids(self) -> list[int]:
        """Processes that serve the dict; known to the owner only."""
        self._require_owner("server_pids")
        return self._owner.server_pids

    def close(self) -> None:
        """Detaches this object; if it is the owner, destroys the dict. A second call does nothing."""
        self._detach()
        if self.is_owner:
            self._destroy()

    def destroy(self) -> None:
        """Destroys the dict. Processes that are attached keep what they can still reach; nobody attaches any more."""
        self._require_owner("destroy()")
        self.close()

    def _require_owner(self, what: str) -> None:
        if not self.is_owner:
            raise _core.Unsupported(f"{what} is for the owner, the object that created the dict and was not closed")

    def __enter__(self) -> "SharedDict":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple:
        if not self._shared:
            raise _core.Unsupported(f"a dict of engine {self._spec!r} is private to its process; take a shared engine")
        len(self)  # an engine that gathers sets into batches stores them now
        form = serializers.to_picklable(self._serializer)
        return _unpickle, (type(self), self._name, self._spec, self._address, form)

    def __repr__(self) -> str:
        role = "owner" if self.is_owner else "attached"
        return f"<{type(self).__name__} {self._name or self._address!r}, engine {self._spec}, {role}>"


def _unpickle(cls: type, name: Optional[str], spec: str, address: str, form: Any) -> SharedDict:
    attached = cls.__new__(cls)
    attached._attach_to(name, spec, address, serializers.from_picklable(form))
    return attached


def _spec_text(engine: str, options: dict) -> str:
    given = "&".join(f"{name}={value}" for name, value in options.items())
    return _core.canonical_spec(engine + ("&" if "?" in engine else "?") * bool(given) + given)
