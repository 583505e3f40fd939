from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pydantic import BaseModel

from repowright.agent.llm import Finished, Record, Replay, Request, ToolSpec, run_tools, tool_spec
from repowright.agent.llm.tool_loop import Tool

if TYPE_CHECKING:
    from tests.agent.llm.conftest import Script, Seat

RequestFor = Callable[..., Request]


class At(BaseModel):
    place: str


class Answer(BaseModel):
    paths: list[str]


@dataclass
class Look:
    seen: list[str] = field(default_factory=list)
    spec: ToolSpec = field(default_factory=lambda: tool_spec("look", "Looks.", At))
    arguments: type[BaseModel] = At

    async def call(self, arguments: At) -> str:
        self.seen.append(arguments.place)
        return f"you see {arguments.place}"


@dataclass
class HandIn:
    spec: ToolSpec = field(default_factory=lambda: tool_spec("hand_in", "Ends.", Answer))
    arguments: type[BaseModel] = Answer

    async def call(self, arguments: Answer) -> NoReturn:
        raise Finished(arguments.paths)


def tools() -> dict[str, Tool]:
    return {"look": Look(), "hand_in": HandIn()}


def last_content(script: Script) -> str:
    content = script.asked[-1].body["messages"][-1]["content"]
    assert isinstance(content, str)
    return content


async def test_tools_are_called_until_one_ends_it(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(
        script.tools(("look", {"place": "a"}), ("look", {"place": "b"})),
        script.tools(("hand_in", {"paths": ["a.py"]})),
    )
    done = await run_tools(seat().gateway, request_for(), tools(), max_turns=9)
    assert (done.ended, done.result, done.turns) == ("finished", ["a.py"], 2)
    assert [tool["function"]["name"] for tool in script.asked[0].body["tools"]] == ["hand_in", "look"]
    asked = script.asked[1].body["messages"]
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "tool", "tool"]
    assert [(message["tool_call_id"], message["content"]) for message in asked[3:]] == [
        ("id0", "you see a"),
        ("id1", "you see b"),
    ]
    assert done.messages[-1].tool_calls[0].name == "hand_in"


async def test_mistakes_are_told_to_the_model(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(
        script.tools(
            ("look", {"place": 5}),
            ("fly", {}),
            ("look", "{broken"),
            ("look", {"place": "a"}),
            ("look", {"place": "a"}),
        ),
        script.tools(("hand_in", {"paths": []})),
    )
    done = await run_tools(seat().gateway, request_for(), tools(), max_turns=9)
    told = [message.content for message in done.messages if message.role == "tool"]
    assert "place: Input should be a valid string, not 5" in told[0]
    assert "no tool 'fly'; the tools are hand_in, look" in told[1]
    assert "Invalid JSON" in told[2]
    assert told[3] == "you see a"
    assert "the call you just made" in told[4]


async def test_calls_written_in_text_are_carried_out(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(
        script.text('I look.\n```json\n[{"name": "look", "arguments": {"place": "a"}}]\n```'),
        script.text('{"name": "hand_in", "arguments": {"paths": ["a.py"]}}'),
    )
    done = await run_tools(seat().gateway, request_for(), tools(), max_turns=9)
    assert (done.ended, done.result) == ("finished", ["a.py"])
    assert last_content(script) == "Result of look:\nyou see a"


async def test_plain_text_is_reminded_once_then_ends_it(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("I think it is a.py"), script.text("as I said"))
    done = await run_tools(seat().gateway, request_for(), tools(), max_turns=9)
    assert (done.ended, done.turns, done.result) == ("no tool call", 2, None)
    assert done.messages[-1].content == "as I said"
    assert "Call one of the tools: hand_in, look." in last_content(script)


async def test_turns_are_bounded_and_the_last_is_announced(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(*(script.tools(("look", {"place": str(number)})) for number in range(3)))
    done = await run_tools(seat().gateway, request_for(), tools(), max_turns=3)
    assert (done.ended, done.turns) == ("turns", 3)
    assert len(script.asked) == 3
    assert "one turn is left" in last_content(script)


async def test_whole_conversation_can_be_replayed(
    script: Script, seat: Seat, request_for: RequestFor, tmp_path: Path
) -> None:
    script.then(script.tools(("look", {"place": "a"})), script.tools(("hand_in", {"paths": ["a.py"]})))
    live = await run_tools(seat("first").gateway, request_for(), tools(), max_turns=9)
    desk = seat("second", replay=Replay(Record(tmp_path / "first")), offline=True)
    assert await run_tools(desk.gateway, request_for(), tools(), max_turns=9) == live
