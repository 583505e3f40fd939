"""A model by script that resolves issues: what it says depends on the stage and on how far the conversation is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scripted_judge import Part, Script

Call = dict[str, Any]
Turn = list[Call] | str


def call(name: str, **arguments: object) -> Call:
    """Return one tool call."""
    return {"name": name, "arguments": arguments}


@dataclass
class Fixer(Script):
    """Turns by stage: ``locate``, ``reproduce``, ``edit`` and ``mend``, which is ``edit`` in a later round.

    The last turn of a stage is said again for all that follow; a stage without turns is answered in plain text.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def answer(self, body: dict[str, Any]) -> tuple[str | None, list[Call]]:
        """Return text and tool calls."""
        with self._lock:
            self.requests.append(body)
            count = len(self.requests)
        self.wait(count)
        turns: list[Turn] = self.turns.get(stage_of(body)) or ["I would rather talk about the weather."]
        said = sum(message["role"] == "assistant" for message in body["messages"])
        turn = turns[min(said, len(turns) - 1)]
        return (turn, []) if isinstance(turn, str) else (None, turn)

    def asked_twice(self) -> list[str]:
        """Return the conversations that were put to the endpoint more than once."""
        counted = Counter(str(body["messages"]) for body in self.requests)
        return [text for text, count in counted.items() if count > 1]

    def told(self, stage: str) -> str:
        """Return all that a stage's tools told the model."""
        bodies = [body for body in self.requests if stage_of(body) == stage]
        said = (message for body in bodies for message in body["messages"] if message["role"] == "tool")
        return "\n".join(str(message["content"]) for message in said)


def stage_of(body: dict[str, Any]) -> str:
    """Return which stage a request belongs to."""
    names = {tool["function"]["name"] for tool in body.get("tools", [])}
    if "hand_in" in names:
        return "mend" if "# What tests say of it" in str(body["messages"][1]["content"]) else "edit"
    return "reproduce" if "try_test" in names else "locate"
