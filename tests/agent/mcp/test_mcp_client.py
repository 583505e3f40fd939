from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from repowright.agent.mcp.client import ForeignServers
from repowright.agent.mcp.config import ServerConfig
from repowright.agent.mcp.connection import ServerFailed

SERVER = str(Path(__file__).with_name("foreign_server.py"))


def command(name: str = "other", *arguments: str, **more: Any) -> ServerConfig:
    given: dict[str, Any] = {"trusted": True, "start_timeout_s": 30, "timeout_s": 30, **more}
    given["env"] = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), **given.get("env", {})}
    return ServerConfig(name=name, command=sys.executable, args=(SERVER, *arguments), **given)


async def never(config: ServerConfig) -> bool:
    return False


@asynccontextmanager
async def started(
    *configs: ServerConfig, environ: Mapping[str, str] | None = None, log: Path | None = None
) -> AsyncIterator[tuple[ForeignServers, list[str]]]:
    servers = ForeignServers(configs, environ or {}, log)
    try:
        yield servers, await servers.start(never)
    finally:
        await servers.close()


async def test_tools_are_named_after_their_server(tmp_path: Path) -> None:
    async with started(command(tools=("a*", "p*")), log=tmp_path / "log") as (servers, notes):
        assert notes == []
        assert [(tool.name, tool.model_name) for tool in servers.tools] == [
            ("other.add", "other__add"),
            ("other.picture", "other__picture"),
        ]
        assert servers.tools[0].description == "Add two numbers."
        assert set(servers.tools[0].parameters["properties"]) == {"a", "b"}
        assert (await servers.call("other", "add", {"a": 2, "b": 3})).text == "5"
        assert (await servers.call("other", "picture", {})).text == "see\n(image image/png)"
    assert "the server begins" in (tmp_path / "log").read_text()


async def test_what_a_tool_refuses_is_a_failed_result() -> None:
    async with started(command()) as (servers, _):
        refused = await servers.call("other", "refuse", {})
        wrong = await servers.call("other", "add", {"a": "x"})
    assert refused.failed and "it is not to be" in refused.text
    assert wrong.failed


async def test_a_slow_tool_is_given_up_and_the_server_goes_on() -> None:
    async with started(command(timeout_s=0.3)) as (servers, _):
        began = time.monotonic()
        with pytest.raises(ServerFailed, match=r"other\.sleep took longer than 0\.3 s"):
            await servers.call("other", "sleep", {"seconds": 60})
        assert time.monotonic() - began < 5
        assert (await servers.call("other", "add", {"a": 1, "b": 1})).text == "2"


async def test_a_server_that_dies_fails_its_call_and_starts_again_for_the_next() -> None:
    async with started(command("other"), command("second")) as (servers, _):
        with pytest.raises(ServerFailed, match=r"other\.die"):
            await servers.call("other", "die", {})
        assert (await servers.call("second", "add", {"a": 1, "b": 1})).text == "2"
        assert (await servers.call("other", "add", {"a": 1, "b": 2})).text == "3"


@pytest.mark.parametrize("kind", ["mute", "babble", "missing", "ends"])
async def test_a_server_that_does_not_start_is_a_note_and_the_others_serve(kind: str, tmp_path: Path) -> None:
    configs = {
        "mute": command("bad", "mute", start_timeout_s=1.5),
        "babble": command("bad", "babble", start_timeout_s=1.5),
        "missing": ServerConfig(name="bad", command=str(tmp_path / "none"), trusted=True),
        "ends": ServerConfig(name="bad", command=sys.executable, args=("-c", "pass"), trusted=True, start_timeout_s=5),
    }
    async with started(configs[kind], command("good")) as (servers, notes):
        assert len(notes) == 1 and notes[0].startswith("the MCP server bad did not start")
        assert {tool.server for tool in servers.tools} == {"good"}
        assert (await servers.call("good", "add", {"a": 1, "b": 1})).text == "2"


async def test_a_server_of_the_project_starts_only_when_the_user_agrees() -> None:
    asked: list[str] = []

    async def agree(config: ServerConfig) -> bool:
        asked.append(config.shown)
        return True

    config = command(trusted=False)
    async with started(config) as (servers, notes):
        assert notes == ["the MCP server other was not started: not agreed to"] and servers.tools == ()
        with pytest.raises(ServerFailed, match="there is no MCP server other"):
            await servers.call("other", "add", {"a": 1, "b": 1})
    servers = ForeignServers([config], {})
    assert await servers.start(agree) == [] and servers.tools
    await servers.close()
    assert asked == [f"{sys.executable} {SERVER}"]


async def test_a_server_gets_of_the_environment_what_the_configuration_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    environ = {"TOKEN": "t0ken", "SECRET_KEY": "s3cret"}
    async with started(command(env_from=("TOKEN",)), environ=environ) as (servers, _):
        said = [(await servers.call("other", "variable", {"name": name})).text for name in ("TOKEN", "SECRET_KEY")]
    assert said == ["t0ken", "(not set)"]
    async with started(command(env_from=("TOKEN",))) as (_, notes):
        assert "the variable TOKEN is not set" in notes[0]


async def test_a_disabled_server_is_left_alone() -> None:
    async with started(command(enabled=False)) as (servers, notes):
        assert (notes, servers.tools) == ([], ())


@dataclass
class Web:
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        argv = [sys.executable, SERVER, "http", str(self.port)]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not _listens(self.port):
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def web() -> Iterator[Web]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = Web(taken.getsockname()[1])
    server.start()
    yield server
    server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_server_is_reached_over_http_with_the_headers_that_are_named(web: Web) -> None:
    config = ServerConfig(name="web", url=web.address, headers_from={"X-Token": "TOKEN"}, trusted=True)
    async with started(config, environ={"TOKEN": "t0ken"}) as (servers, notes):
        assert notes == []
        assert (await servers.call("web", "add", {"a": 2, "b": 2})).text == "4"
        assert (await servers.call("web", "header", {"name": "x-token"})).text == "t0ken"


async def test_a_server_behind_an_address_that_dies_fails_its_calls_until_it_is_back(web: Web) -> None:
    config = ServerConfig(name="web", url=web.address, trusted=True, timeout_s=5, start_timeout_s=5)
    async with started(config, command("good")) as (servers, _):
        assert (await servers.call("web", "add", {"a": 2, "b": 2})).text == "4"
        web.kill()
        for _ in range(2):
            with pytest.raises(ServerFailed, match="web"):
                await servers.call("web", "add", {"a": 2, "b": 2})
        assert (await servers.call("good", "add", {"a": 1, "b": 1})).text == "2"
        web.start()
        assert (await servers.call("web", "add", {"a": 2, "b": 3})).text == "5"


async def test_an_address_where_nobody_listens_is_a_note() -> None:
    config = ServerConfig(name="web", url="http://127.0.0.1:9/mcp", trusted=True, start_timeout_s=10)
    async with started(config) as (_, notes):
        assert len(notes) == 1 and "the MCP server web did not start" in notes[0]


async def test_calls_at_the_same_time_do_not_wait_for_each_other() -> None:
    async with started(command()) as (servers, _):
        began = time.monotonic()
        await asyncio.gather(*(servers.call("other", "sleep", {"seconds": 0.5}) for _ in range(6)))
    assert time.monotonic() - began < 2.5
