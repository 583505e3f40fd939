"""What an editor is told: events of a conversation as updates of the protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from acp import (
    plan_entry,
    start_tool_call,
    text_block,
    tool_content,
    update_agent_message_text,
    update_agent_thought_text,
    update_plan,
    update_tool_call,
    update_user_message_text,
)
from acp.helpers import SessionUpdate, update_current_mode
from acp.schema import PlanEntry, PlanEntryStatus, SessionMode, SessionModeState, ToolCallLocation, ToolKind

from repowright.agent.approvals.modes import MEANINGS
from repowright.agent.chat.events import (
    ChatDelta,
    ChatReply,
    ChatUser,
    Compaction,
    FileChange,
    Mode,
    ModeChanged,
    Note,
    PlanChanged,
    ToolCalled,
    ToolProgress,
    ToolResult,
)
from repowright.agent.events import BudgetLevel, Event, Failure, Warning

MODES: tuple[Mode, ...] = get_args(Mode)

_KINDS: dict[str, ToolKind] = {
    "read": "read",
    "list": "read",
    "fetch": "read",
    "read_result": "read",
    "grep": "search",
    "search": "search",
    "explore": "search",
    "impact": "search",
    "locate": "search",
    "edit": "edit",
    "write": "edit",
    "remove": "delete",
    "shell": "execute",
    "run_tests": "execute",
    "git": "execute",
    "git_commit": "execute",
    "plan": "think",
}
_STATES: dict[str, PlanEntryStatus] = {" ": "pending", "~": "in_progress", "-": "in_progress", "x": "completed"}
_ENTRY = re.compile(r"\s*[-*+]\s+\[([ xX~-])\]\s+(.+)")
_ANEW = "\n\n(asked again)\n\n"
_LONGEST_FENCE = re.compile(r"`{3,}")


def mode_state(mode: Mode) -> SessionModeState:
    """Return the modes there are, and the one that holds."""
    modes = [SessionMode(id=each, name=each.capitalize(), description=MEANINGS[each]) for each in MODES]
    return SessionModeState(current_mode_id=mode, available_modes=modes)


class Story:
    """Turns events into updates, in their order; it remembers what of a reply was told already.

    Parameters
    ----------
    folder
        Of the project: editors want absolute paths.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, str] = {}
        self.live = False
        """Whether the editor shows the user's own messages itself; while a session is loaded it does not."""

    def updates(self, event: Event) -> Iterator[SessionUpdate]:
        """Return what the editor is told of an event; most events of a run are none of its business."""
        match event:
            case ChatUser() if not self.live or event.how == "steer":
                yield update_user_message_text(event.text)
            case ChatDelta() | ChatReply():
                yield from self._reply(event)
            case PlanChanged():
                yield update_plan(plan_entries(event.plan))
            case ModeChanged():
                yield update_current_mode(event.mode)
            case ToolCalled() | ToolProgress() | FileChange() | ToolResult():
                yield from self._tool(event)
            case _:
                yield from _said(event)

    def _reply(self, event: ChatDelta | ChatReply) -> Iterator[SessionUpdate]:
        """Tell a reply piece by piece; what was told cannot be taken back, so one that begins anew says so."""
        told = self._told.pop(event.message, "")
        if isinstance(event, ChatReply):
            text = event.text[len(told) :] if event.text.startswith(told) else ""
        elif event.restart:
            text, self._told[event.message] = (_ANEW if told else "") + event.text, event.text
        else:
            text, self._told[event.message] = event.text, told + event.text
        if text:
            yield update_agent_message_text(text)

    def _tool(self, event: ToolCalled | ToolProgress | FileChange | ToolResult) -> Iterator[SessionUpdate]:
        match event:
            case ToolCalled():
                yield self._called(event)
            case ToolProgress():
                content = [tool_content(text_block(event.text))]
                yield update_tool_call(event.call, status="in_progress", content=content)
            case FileChange() if event.call:
                place = [ToolCallLocation(path=str(self._folder / event.path))]
                content = [tool_content(text_block(fenced(event.diff, "diff")))]
                yield update_tool_call(event.call, content=content, locations=place)
            case ToolResult():
                told = [tool_content(text_block(event.text))] if event.text else None
                yield update_tool_call(
                    event.call, status="completed" if event.state == "done" else "failed", content=told
                )

    def _called(self, event: ToolCalled) -> SessionUpdate:
        given = arguments_of(event.arguments)
        path = given.get("path")
        places = [ToolCallLocation(path=str(self._folder / path))] if isinstance(path, str) and path else None
        kind = _KINDS.get(event.name, "other")
        return start_tool_call(
            event.call, event.title, kind=kind, status="pending", locations=places, raw_input=dict(given)
        )


def _said(event: Event) -> Iterator[SessionUpdate]:
    match event:
        case Note() if event.level != "info":
            yield update_agent_thought_text(_with_hint(event.text, event.hint))
        case Warning():
            yield update_agent_thought_text(event.message)
        case Failure():
            yield update_agent_thought_text(_with_hint(event.message, event.hint))
        case BudgetLevel() if event.level != "ok":
            yield update_agent_thought_text(f"{event.spent} of the budget of {event.limit} are spent")
        case Compaction():
            yield update_agent_thought_text(f"{event.messages} earlier messages were summarised")


def plan_entries(plan: str) -> list[PlanEntry]:
    """Return the items of a Markdown check list.

    Examples
    --------
    >>> [(each.content, each.status) for each in plan_entries("- [x] find it\\n- [~] mend it")]
    [('find it', 'completed'), ('mend it', 'in_progress')]
    """
    found = (_ENTRY.match(line) for line in plan.splitlines())
    return [plan_entry(item[2].strip(), status=_STATES[item[1].lower()]) for item in found if item]


def arguments_of(text: str) -> dict[str, object]:
    """Return a call's arguments; nothing where they are no object."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def fenced(text: str, language: str) -> str:
    """Return a text as a code block that nothing in it can end."""
    longest = max((len(each) for each in _LONGEST_FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _with_hint(text: str, hint: str) -> str:
    return f"{text} ({hint})" if hint else text
