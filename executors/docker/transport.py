"""The SDK's way to a local daemon with two faults mended: sockets it leaks, and connections it never reuses."""

from __future__ import annotations

import socket
from typing import Any, cast

from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

SCHEME = "http+docker://"


class Connection(UnixHTTPConnection):
    """Closes its socket when the daemon refuses it; the SDK leaves that to the garbage collector."""

    def connect(self) -> None:
        """Connect to the daemon's socket."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self.unix_socket)
        except BaseException:
            connection.close()
            raise
        self.sock = connection


class Pool(UnixHTTPConnectionPool):
    """Connections to one socket."""

    def _new_conn(self) -> Any:
        return Connection(self.base_url, self.socket_path, cast(int, self.timeout))


class Adapter(UnixHTTPAdapter):
    """Serves every request from one pool; the SDK's keeps one for each URL, and URLs name containers."""

    def get_connection(self, url: str | bytes, proxies: object = None) -> Pool:
        """Return the pool."""
        with self.pools.lock:
            pool = self.pools.get(SCHEME)
            if pool is None:
                pool = self.pools[SCHEME] = Pool(SCHEME, self.socket_path, self.timeout, maxsize=self.max_pool_size)
        return pool


def mend(api: Any) -> None:
    """Let a client of a local daemon's socket use ``Adapter``; others stay as they are."""
    before = api.adapters.get(SCHEME)
    if isinstance(before, UnixHTTPAdapter):
        api.mount(SCHEME, Adapter(before.socket_path, before.timeout, max_pool_size=before.max_pool_size))
        before.close()
