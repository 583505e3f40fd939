"""Who is let in: those with the key, and no web page that only pretends to be of this machine."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from repowright.inference_backend.server.failures import Refused

OPEN = frozenset({"/health"})
"""Paths that need no key."""


class Guard:
    """An ASGI middleware.

    Parameters
    ----------
    key
        What clients give as ``Authorization: Bearer``; empty lets everybody in.
    hosts
        Names the server may be called by; empty for any. Where it listens on this machine alone, a web page could
        otherwise reach it by a name of its own that leads here.
    """

    def __init__(self, app: ASGIApp, key: str = "", hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._key = key.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal.response() if refusal else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refused | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").rpartition("@")[2]
        if self._hosts and _name_of(host) not in self._hosts:
            return Refused(421, f"this server is not {host[:100]}", code="wrong_host")
        if not self._key or scope["path"] in OPEN:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._key):
            return None
        return Refused(401, "the API key is missing or wrong", code="invalid_api_key")


def _name_of(host: str) -> str:
    """The name in a ``Host`` header, without its port."""
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
