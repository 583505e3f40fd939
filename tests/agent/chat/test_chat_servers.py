from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from talks import Room, Talk, call, say

from repowright.agent.chat.events import ApprovalAsk, Note, ToolResult, TurnEnd, TurnStart
from repowright.agent.chat.outfit import rule_name
from repowright.agent.mcp.config import ServerConfig

pytest.importorskip("mcp", reason="the extra mcp is not installed")

SERVER = str(Path(__file__).parents[1] / "mcp" / "foreign_server.py")
ADD = call("other__add", a=2, b=3)


def server(*, trusted: bool, **more: object) -> ServerConfig:
    env = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    given = {"start_timeout_s": 30, "tools": ("add", "variable"), **more}
    return ServerConfig(name="other", command=sys.executable, args=(SERVER,), env=env, trusted=trusted, **given)  # type: ignore[arg-type]


def asks(room: Room) -> list[str]:
    return [ask.title for ask in room.of(ApprovalAsk)]


async def test_tool_of_a_users_server_is_called_after_a_yes(room: Room) -> None:
    talk = Talk(says=[[ADD], "five"])
    async with room.talking(talk, servers=[server(trusted=True)]) as engine:
        await say(engine, "add")
    assert asks(room) == ['other.add {"a": 2, "b": 3}']
    assert (room.of(ToolResult)[0].state, room.of(ToolResult)[0].text) == ("done", "5")
    assert "other__add" in str(talk.requests[0]["tools"])


async def test_projects_server_starts_once_the_user_agrees_and_the_turn_waits(room: Room) -> None:
    room.on_ask = lambda ask: "always"
    async with room.talking(Talk(says=[[ADD], "five"]), servers=[server(trusted=False)]) as engine:
        await say(engine, "add")
    first = room.of(ApprovalAsk)[0]
    assert (first.title, first.scope[0].startswith("mcp.start.other.")) == ("start the MCP server other", True)
    assert SERVER in first.detail
    assert room.of(ToolResult)[0].text == "5"
    room.events.clear()
    async with room.talking(Talk(says=["hello"]), servers=[server(trusted=False)]) as engine:
        await say(engine, "hello")
    assert asks(room) == []
    room.on_ask = lambda ask: "deny"
    changed = server(trusted=False, env_from=("HOME",))
    async with room.talking(Talk(says=["hello"]), servers=[changed]) as engine:
        await say(engine, "hello")
    assert asks(room) == ["start the MCP server other"]
    assert "with the variable HOME of your environment" in room.of(ApprovalAsk)[0].detail


async def test_refused_server_is_a_note_and_the_turn_goes_on(room: Room) -> None:
    room.on_ask = lambda ask: "deny"
    talk = Talk(says=["hello"])
    async with room.talking(talk, servers=[server(trusted=False)]) as engine:
        await say(engine, "hello")
    assert [note.text for note in room.of(Note)] == ["the MCP server other was not started: not agreed to"]
    assert "other__add" not in str(talk.requests[0]["tools"])
    assert room.of(TurnEnd)[0].status == "done"


async def test_where_nobody_can_be_asked_a_projects_server_is_refused_with_a_note(room: Room) -> None:
    async with room.talking(Talk(says=["hello"]), attended=False, servers=[server(trusted=False)]) as engine:
        await say(engine, "hello")
    assert asks(room) == []
    assert [note.text for note in room.of(Note)] == ["the MCP server other was not started: not agreed to"]
    assert room.of(TurnEnd)[0].status == "done"


async def test_turn_can_be_cancelled_and_the_session_closed_while_the_question_is_open(room: Room) -> None:
    room.on_ask = None
    async with room.talking(Talk(says=["hello"]), servers=[server(trusted=False)]) as engine:
        await room.until(ApprovalAsk)
        await engine.send("hello")
        await room.until(TurnStart)
        await engine.cancel()
        assert room.of(TurnEnd)[0].status == "cancelled"
    assert room.events[-1].type == "run.end"


async def test_server_that_does_not_start_is_a_note(room: Room) -> None:
    broken = ServerConfig(name="broken", command=sys.executable, args=("-c", "raise SystemExit(1)"), trusted=True)
    async with room.talking(Talk(says=["hello"]), servers=[broken]) as engine:
        await say(engine, "hello")
    assert "the MCP server broken did not start" in room.of(Note)[0].text
    assert room.of(TurnEnd)[0].status == "done"


def test_another_command_is_another_server_to_approvals() -> None:
    one = ServerConfig(name="a", command="x")
    assert rule_name(one) != rule_name(one.model_copy(update={"args": ("y",)}))
