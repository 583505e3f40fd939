"""Lets a model work with tools until it is finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ValidationError

from repowright.agent.llm.gateway import Gateway
from repowright.agent.llm.json_answers import json_values, problems_of
from repowright.agent.llm.types import Message, Reply, Request, ToolCall, ToolSpec

_REMINDER = "Call one of the tools: {names}. To end, call the tool that hands in the result."


class Finished(Exception):
    """Raised by a tool to end the loop with a result."""

    def __init__(self, result: object) -> None:
        super().__init__("finished")
        self.result = result


class Tool(Protocol):
    """Something the model can call."""

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The model that a call's arguments are validated by."""

    # Any: each tool takes an instance of its own ``arguments`` model.
    async def call(self, arguments: Any) -> str:
        """The text the model gets; raises ``Finished`` to end the loop."""


@dataclass(frozen=True)
class Conversation:
    """How the work with tools went.

    Parameters
    ----------
    result
        What the tool that ended it handed in; ``None`` when it ended otherwise.
    turns
        Calls of the model.
    """

    messages: tuple[Message, ...]
    ended: Literal["finished", "no tool call", "turns"]
    turns: int
    result: object = None


def tool_spec(name: str, description: str, arguments: type[BaseModel]) -> ToolSpec:
    """The description of a tool whose arguments are a pydantic model."""
    return ToolSpec(name=name, description=description, parameters=arguments.model_json_schema())


async def run_tools(gateway: Gateway, request: Request, tools: Mapping[str, Tool], max_turns: int) -> Conversation:
    """Ask, call the tools the model names, tell it their results, and go on until a tool ends it.

    A model that answers in plain text is reminded once; a second such answer in a row ends the loop.
    """
    work = _Work(request, tools)
    for turn in range(1, max_turns + 1):
        reply = await gateway.complete(replace(work.request, is_last=turn == max_turns))
        calls, native = calls_of(reply)
        if not calls and work.reminded:
            return work.ended("no tool call", turn, reply)
        try:
            await work.take(reply, calls, native, last=turn == max_turns - 1)
        except Finished as finished:
            return work.ended("finished", turn, reply, finished.result)
    return work.ended("turns", max_turns)


class _Work:
    """The conversation as it grows."""

    def __init__(self, request: Request, tools: Mapping[str, Tool]) -> None:
        specs = request.tools or tuple(tools[name].spec for name in sorted(tools))
        self.request = replace(request, tools=specs)
        self.reminded = False
        self._tools = tools
        self._last = ""

    async def take(self, reply: Reply, calls: tuple[ToolCall, ...], native: bool, *, last: bool) -> None:
        """Carry out a turn; the results, or a reminder, become the next messages."""
        self.reminded = not calls
        if not calls:
            names = ", ".join(sorted(self._tools))
            self._say(_said(reply), Message(role="user", content=_REMINDER.format(names=names)))
            return
        results = [await self._result(call) for call in calls]
        if last:
            results[-1] += "\n(one turn is left: hand in the result now)"
        if native:
            told = [
                Message(role="tool", content=text, tool_call_id=call.id)
                for call, text in zip(calls, results, strict=True)
            ]
        else:
            named = [f"Result of {call.name}:\n{text}" for call, text in zip(calls, results, strict=True)]
            told = [Message(role="user", content="\n\n".join(named))]
        self._say(_said(reply), *told)

    def ended(
        self,
        how: Literal["finished", "no tool call", "turns"],
        turns: int,
        reply: Reply | None = None,
        result: object = None,
    ) -> Conversation:
        messages = self.request.messages if reply is None else (*self.request.messages, _said(reply))
        return Conversation(messages=messages, ended=how, turns=turns, result=result)

    def _say(self, *messages: Message) -> None:
        self.request = replace(self.request, messages=(*self.request.messages, *messages))

    async def _result(self, call: ToolCall) -> str:
        tool = self._tools.get(call.name)
        if tool is None:
            return f"error: there is no tool '{call.name}'; the tools are {', '.join(sorted(self._tools))}"
        try:
            arguments = tool.arguments.model_validate_json(call.arguments.strip() or "{}")
        except ValidationError as err:
            return "error: the arguments are not valid: " + "; ".join(problems_of(err))
        same = f"{call.name} {arguments.model_dump_json()}"
        if same == self._last:
            return "error: this is the call you just made; its result is above. Do something else."
        self._last = same
        return await tool.call(arguments)


def _said(reply: Reply) -> Message:
    content = reply.text if reply.text or reply.tool_calls else "(no text)"
    return Message(role="assistant", content=content, tool_calls=reply.tool_calls)


def calls_of(reply: Reply) -> tuple[tuple[ToolCall, ...], bool]:
    """Return the calls of a reply, and whether they came as such rather than as JSON in its text."""
    if reply.tool_calls:
        return reply.tool_calls, True
    for value in json_values(reply.text):
        written = value if isinstance(value, list) else [value]
        calls = [_written_call(part, number) for number, part in enumerate(written)]
        found = tuple(call for call in calls if call is not None)
        if found and len(found) == len(calls):
            return found, False
    return (), False


def _written_call(part: object, number: int) -> ToolCall | None:
    if not isinstance(part, dict):
        return None
    call = part.get("function") if isinstance(part.get("function"), dict) else part
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return None
    arguments = call.get("arguments", call.get("parameters", {}))
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(id=f"text_{number}", name=call["name"], arguments=text)
