"""redis-py on a private Redis server, one command a call; over a Unix socket, or over TCP as redis.Redis() does."""

from pathlib import Path
from typing import Callable, Optional

from tier import servers
from tier.rows.base import Row, Serving

try:
    import redis
except ImportError:
    redis = None


class RedisRow(Row):
    name = "redis-py"
    microseconds = 60
    locked = "INCRBY"
    tcp = False

    @classmethod
    def missing(cls) -> Optional[str]:
        if redis is None:
            return "apt-get install python3-redis"
        return None if servers.find("redis-server", "valkey-server") else "apt-get install redis-server"

    def __init__(self, folder: Path, items: int, longest_text: int) -> None:
        super().__init__(folder, items, longest_text)
        path, port = folder / "redis.sock", servers.free_port() if self.tcp else 0
        self._where = {"host": "127.0.0.1", "port": port} if self.tcp else {"unix_socket_path": str(path)}
        self._server = servers.Server(
            [servers.find("redis-server", "valkey-server"), "--port", str(port), "--bind", "127.0.0.1", "--unixsocket",
             str(path), "--save", "", "--appendonly", "no"], folder, lambda: servers.accepts(path))

    def attach(self):
        client = redis.Redis(**self._where)

        def walk():
            keys = list(client.scan_iter(count=1000))
            return zip(keys, client.mget(keys) if keys else [])
        return Serving(client.get, client.set, client.dbsize, walk)

    def increment(self, dict_) -> Callable:
        return redis.Redis(**self._where).incr

    def server_pids(self) -> list[int]:
        return [self._server.process.pid]

    def close(self) -> None:
        self._server.end()


class RedisTcpRow(RedisRow):
    name = "redis-py over TCP"
    tcp = True
