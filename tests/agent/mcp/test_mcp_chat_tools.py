from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from repowright.agent.chat.tools.tool import Desk, Site
from repowright.agent.chat.wishes import Refused, Wish
from repowright.agent.llm import Record
from repowright.agent.mcp.chat_tools import ForeignChatTool, Given
from repowright.agent.mcp.client import ForeignServers, ForeignTool
from repowright.agent.mcp.connection import ForeignResult

TOOL = ForeignTool("files", "read.all", "Read it.", {"type": "object", "properties": {"path": {"type": "string"}}})


class CountingServers(ForeignServers):
    def __init__(self) -> None:
        super().__init__([], {})
        self.calls: list[tuple[str, str, Mapping[str, object]]] = []

    async def call(self, server: str, tool: str, arguments: Mapping[str, object]) -> ForeignResult:
        self.calls.append((server, tool, arguments))
        return ForeignResult(text="the text", failed=len(self.calls) > 1)


class Gate:
    def __init__(self, grants: bool) -> None:
        self.grants = grants
        self.wishes: list[Wish] = []

    async def __call__(self, wish: Wish) -> None:
        self.wishes.append(wish)
        if not self.grants:
            raise Refused("no")


def site(folder: Path, gate: Gate) -> Site:
    desk = SimpleNamespace(record=Record(folder / "record"), replay=None, redacted=str)
    return Site("c1", "k1", cast(Desk, desk), gate)


def test_the_model_sees_a_name_without_a_dot_and_the_servers_own_schema() -> None:
    tool = ForeignChatTool(TOOL, CountingServers())
    assert (tool.spec.name, tool.spec.parameters) == ("files__read_all", TOOL.parameters)
    assert tool.title(Given.model_validate({"path": "a"})) == 'files.read.all {"path": "a"}'


async def test_a_call_passes_the_gate_before_the_server_hears_of_it(tmp_path: Path) -> None:
    servers, gate = CountingServers(), Gate(grants=False)
    with pytest.raises(Refused):
        await ForeignChatTool(TOOL, servers).call(Given.model_validate({"path": "a"}), site(tmp_path, gate))
    assert servers.calls == []
    (wish,) = gate.wishes
    assert (wish.what.tool, wish.what.effect) == ("files.read.all", "reach")
    assert wish.detail == 'files.read.all {"path": "a"}'


async def test_a_call_that_was_answered_is_not_made_again(tmp_path: Path) -> None:
    servers, gate = CountingServers(), Gate(grants=True)
    tool, given = ForeignChatTool(TOOL, servers), Given.model_validate({"path": "a"})
    told = [await tool.call(given, site(tmp_path, gate)) for _ in range(2)]
    assert servers.calls == [("files", "read.all", {"path": "a"})]
    assert len(gate.wishes) == 1
    assert [(each.text, each.failed) for each in told] == [("the text", False)] * 2
