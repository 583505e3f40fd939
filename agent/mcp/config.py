"""Which MCP servers a conversation may use: tables in ``mcp.toml``, the user's and the project's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from repowright.agent.errors import SettingsError
from repowright.agent.settings import user_config

FILE = "mcp.toml"
PROJECT_FILE = Path(".repowright") / FILE

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})


class ServerConfig(BaseModel):
    """One server: a command that speaks over its standard input and output, or the address of one.

    Parameters
    ----------
    env_from
        Names of variables that the command gets from the environment; of all others it gets a few harmless ones.
    headers_from
        Header by header, the name of the variable whose value it has.
    tools
        Patterns of the tools that are offered to the model.
    timeout_s, start_timeout_s
        Seconds one call may take, and those until the server has said what it can do.
    trusted
        Whether the user named it; one that a project brings starts only when the user agrees.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME)
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default_factory=dict)
    env_from: tuple[str, ...] = ()
    cwd: Path | None = None
    url: str = ""
    headers: Mapping[str, str] = Field(default_factory=dict)
    headers_from: Mapping[str, str] = Field(default_factory=dict)
    tools: tuple[str, ...] = ("*",)
    timeout_s: float = Field(default=60, gt=0, le=3600, allow_inf_nan=False)
    start_timeout_s: float = Field(default=20, gt=0, le=600, allow_inf_nan=False)
    enabled: bool = True
    trusted: bool = False

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        if self.url and (urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname):
            raise ValueError("the url must be an address such as https://example.org/mcp")
        return self

    @property
    def shown(self) -> str:
        """The command line, or the address without credentials and query: what a user is asked about."""
        if self.command:
            return " ".join([self.command, *self.args])
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def load_servers(environ: Mapping[str, str], project: Path) -> list[ServerConfig]:
    """Return the servers of the user and of a project by name; a project's hides the user's of the same name.

    Raises
    ------
    SettingsError
        If a file cannot be read, a table does not fit, or a secret stands in a file.
    """
    found: dict[str, ServerConfig] = {}
    for path, trusted in ((user_config(environ).with_name(FILE), True), (project / PROJECT_FILE, False)):
        if path.is_file():
            found |= {server.name: server for server in _read(path, trusted)}
    return [found[name] for name in sorted(found)]


def _read(path: Path, trusted: bool) -> list[ServerConfig]:
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise SettingsError(f"cannot read {path}: {err.strerror}", "check its permissions") from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SettingsError(f"{path} is not TOML: {err}", "correct the file") from err
    tables = body.pop("servers", {})
    if body or not isinstance(tables, dict):
        raise SettingsError(f"{path} holds something else than [servers.NAME] tables", "see docs/integrations.md")
    return [_server(path, name, table, trusted) for name, table in tables.items()]


def _server(path: Path, name: str, table: object, trusted: bool) -> ServerConfig:
    if not isinstance(table, dict) or {"name", "trusted"} & table.keys():
        raise SettingsError(f"{path}: servers.{name} is no table of a server", "see docs/integrations.md")
    try:
        server = ServerConfig(name=name, trusted=trusted, **table)
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False)[0]
        place = ".".join(["servers", name, *map(str, first["loc"])])
        raise SettingsError(f"{path}: {place}: {first['msg']}", "see docs/integrations.md") from err
    secret = next((each for each in server.headers if each.lower() in _SECRET_HEADERS), None)
    if secret is not None:
        raise SettingsError(f"{path}: servers.{name} holds a secret ({secret})", "name a variable in headers_from")
    return server
