"""Where an endpoint lives, and what of that address may be shown."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from repowright.agent.errors import SettingsError

_KEY_SHAPED = re.compile(r"\b(?:sk|pk|gsk|key|Bearer)[-_ ][A-Za-z0-9*._-]{6,}")


@dataclass(frozen=True)
class Address:
    """An endpoint's address, taken apart so that no secret of it reaches a message.

    Parameters
    ----------
    base_url
        Scheme, host, port and path alone.
    label
        ``host:port``, the only form that errors, events and logs show.
    query
        Parameters every call carries, such as ``api-version``.
    basic
        Value of the ``Authorization`` header when the address held a user name; else empty.
    """

    base_url: str
    label: str
    loopback: bool
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, url: str, api_key: str = "") -> Address:
        """Read a base URL such as ``http://127.0.0.1:8000/v1``.

        Raises
        ------
        SettingsError
            If it is no ``http`` or ``https`` address.
        """
        parts, port = _split(url)
        host = parts.hostname or ""
        shown = f"[{host}]" if ":" in host else host
        query = dict(parse_qsl(parts.query))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user or password else ""
        secrets = {api_key, basic, password, parts.query, *query.values()}
        return cls(
            base_url=f"{parts.scheme}://{shown}:{port}{parts.path.rstrip('/')}",
            label=f"{shown}:{port}",
            loopback=_is_loopback(host),
            query=query,
            basic=f"Basic {basic}" if basic else "",
            secrets=tuple(sorted((secret for secret in secrets if len(secret) >= 4), key=len, reverse=True)),
        )

    def redact(self, text: str, limit: int = 300) -> str:
        """``text`` on one line of at most ``limit`` characters, without keys or credentials."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        line = " ".join(_KEY_SHAPED.sub("***", text).split())
        return line if len(line) <= limit else f"{line[: limit - 3]}..."


def _split(url: str) -> tuple[SplitResult, int]:
    hint = "write it like http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        # The cause is left out: its text can hold the address, and the address can hold a password.
        raise SettingsError("the endpoint's address cannot be read", hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("the endpoint's address is not an http or https address", hint)
    return parts, port or (443 if parts.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
