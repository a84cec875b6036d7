"""pymemcache on a private memcached, one command a call."""

import os
from pathlib import Path
from typing import Callable, Optional

from tier import servers
from tier.rows.base import Row, Serving

try:
    from pymemcache.client.base import Client
except ImportError:
    Client = None


class PymemcacheRow(Row):
    name = "pymemcache"
    microseconds = 50
    locked = "incr"

    @classmethod
    def missing(cls) -> Optional[str]:
        if Client is None:
            return "apt-get install python3-pymemcache"
        return None if servers.find("memcached") else "apt-get install memcached"

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        self._path = folder / "memcached.sock"
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        if user:
            folder.chmod(0o777)
        self._server = servers.Server([servers.find("memcached"), "-s", str(self._path), "-a", "0777", "-m", "1024", *user],
                                      folder, lambda: servers.accepts(self._path))

    def _client(self):
        return Client(str(self._path), default_noreply=False)

    def attach(self):
        client = self._client()

        def no_walk():
            raise NotImplementedError("memcached lists no keys")
        return Serving(lambda key: client.get(str(key)), lambda key, value: client.set(str(key), str(value)),
                       lambda: int(client.stats()[b"curr_items"]), no_walk)

    def increment(self, dict_) -> Callable:
        client = self._client()
        return lambda key: client.incr(key, 1)

    def server_pids(self) -> list[int]:
        return [self._server.process.pid]

    def close(self) -> None:
        self._server.end()
