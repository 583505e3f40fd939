"""What a conversation tells: every screen is drawn from these, live or from a finished session.

Ids: a message is ``m<number>``, an approval ``a<number>``, a call has the id ``c<number>``; all count through the
whole session, also across its resumptions. ``chat.delta`` and ``tool.progress`` are passing: they are told to who
listens and never stored, since ``chat.reply`` and ``tool.result`` hold all that they said.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from repowright.agent.event_base import BaseEvent

Mode = Literal["plan", "ask", "auto-edit", "auto"]
Choice = Literal["once", "session", "always", "deny"]
RewindWhat = Literal["code", "conversation", "both"]


class ChatUser(BaseEvent):
    """A message of the user as it enters the conversation; one that waits is in ``queue.changed``."""

    type: Literal["chat.user"] = "chat.user"
    message: str
    text: str
    how: Literal["send", "steer"] = "send"


class TurnStart(BaseEvent):
    """The agent begins to work on a message."""

    type: Literal["turn.start"] = "turn.start"
    message: str
    """The message of the user that began it."""


class TurnEnd(BaseEvent):
    """The agent waits for the user again; always comes after ``turn.start``."""

    type: Literal["turn.end"] = "turn.end"
    message: str
    status: Literal["done", "drained", "cancelled", "denied", "budget", "error", "steps"]
    """drained: stopped after a step; steps: the bound on steps was met; denied: it ended over a refused approval."""
    steps: int = 0
    """Replies of the model in the turn."""
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0


class ChatDelta(BaseEvent):
    """A piece of a reply as it arrives; passing."""

    type: Literal["chat.delta"] = "chat.delta"
    message: str
    """Id of the reply it belongs to."""
    text: str
    restart: bool = False
    """The call is tried again: what was told of the reply is void."""


class ChatReply(BaseEvent):
    """A whole reply of the model, which replaces its pieces."""

    type: Literal["chat.reply"] = "chat.reply"
    message: str
    text: str
    """Markdown; empty when the reply only calls tools."""
    calls: int = 0
    """Tools it calls; with 0 it ends the turn."""


class ToolCalled(BaseEvent):
    """The agent wants a tool to act; comes before any approval of it."""

    type: Literal["tool.call"] = "tool.call"
    call: str
    message: str
    """Id of the reply that called it; empty for the user's own ``!`` command."""
    name: str
    title: str
    """One line for people: ``edit src/app.py``, ``shell pytest -q``."""
    arguments: str
    """JSON, as it was called."""


class ToolProgress(BaseEvent):
    """How far a long tool is; passing."""

    type: Literal["tool.progress"] = "tool.progress"
    call: str
    text: str
    done: int = 0
    total: int = 0
    """0 if not known."""


class ToolResult(BaseEvent):
    """How a call ended; comes once for every ``tool.call``."""

    type: Literal["tool.result"] = "tool.result"
    call: str
    name: str
    state: Literal["done", "failed", "denied", "cancelled"]
    text: str
    """What the model is told, at most some thousand characters."""
    handle: str = ""
    """Names the whole result when ``text`` is only its ends; see ``chat.handles``."""
    seconds: float = 0.0


class FileChange(BaseEvent):
    """A file of the project was changed on disk."""

    type: Literal["file.change"] = "file.change"
    path: str
    """From the project's folder."""
    diff: str
    """Unified diff."""
    added: int
    removed: int
    by: Literal["agent", "rewind"] = "agent"
    call: str = ""
    whole: bool = True
    """False where the diff is cut because it is long."""


class TestsReport(BaseEvent):
    """What tests said."""

    __test__ = False
    type: Literal["tests.report"] = "tests.report"
    call: str
    chosen: Literal["affected", "named", "all"]
    targets: list[str] = Field(default_factory=list)
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failing: list[str] = Field(default_factory=list)
    """Ids of tests that failed or met an error."""


class ApprovalAsk(BaseEvent):
    """The user must decide; the turn waits. The screen answers with ``Engine.decide``."""

    type: Literal["approval.ask"] = "approval.ask"
    approval: str
    call: str
    tool: str
    title: str
    detail: str = ""
    """What would happen: a unified diff, or the whole command line."""
    reason: str = ""
    """Why it is asked."""
    scope: list[str] = Field(default_factory=list)
    """The rules that ``session`` and ``always`` would keep, one a line, as people read them."""


class ApprovalDecided(BaseEvent):
    """An approval was given or refused."""

    type: Literal["approval.decided"] = "approval.decided"
    approval: str
    call: str
    decision: Choice
    reason: str = ""
    by: Literal["user", "nobody", "cancelled"] = "user"
    """nobody: there is nobody to ask (headless)."""


class Waiting(BaseModel):
    """A message that waits for its turn."""

    model_config = ConfigDict(frozen=True)

    message: str
    text: str
    how: Literal["send", "steer"]


class QueueChanged(BaseEvent):
    """Messages that wait, in the order they will be taken; empty when none do."""

    type: Literal["queue.changed"] = "queue.changed"
    waiting: list[Waiting] = Field(default_factory=list)


class ModeChanged(BaseEvent):
    """What the agent may do unasked."""

    type: Literal["mode.changed"] = "mode.changed"
    mode: Mode


class PlanChanged(BaseEvent):
    """The agent's plan, kept word for word through every compaction."""

    type: Literal["plan.changed"] = "plan.changed"
    plan: str
    """Markdown check list; empty when there is none."""


class Compaction(BaseEvent):
    """Older messages were replaced by a summary in what the model reads; the session keeps them."""

    type: Literal["compaction"] = "compaction"
    tokens_before: int
    tokens_after: int
    messages: int
    """How many the summary stands for."""
    summary: str


class Rewound(BaseEvent):
    """The session went back to a message: what came after it no longer counts."""

    type: Literal["rewind"] = "rewind"
    message: str
    """A message of the user; the conversation stands as before it was said."""
    what: RewindWhat
    text: str = ""
    """The message's words, for the input line."""
    files: list[str] = Field(default_factory=list)
    """Files set back."""
    kept: list[str] = Field(default_factory=list)
    """Files left as they are because the user changed them since."""


class ContextLevel(BaseEvent):
    """How full the model's window is; emitted after each reply."""

    type: Literal["context"] = "context"
    tokens: int
    window: int


class GraphState(BaseEvent):
    """How the folder's graph stands; it is encoded in the background and kept fresh."""

    type: Literal["graph.state"] = "graph.state"
    state: Literal["encoding", "ready", "failed"]
    path: str = ""
    """The stored graph, when there is one to read."""
    nodes: int = 0
    edges: int = 0
    seconds: float = 0.0
    reason: str = ""


class Note(BaseEvent):
    """Something the user should know that is no part of the conversation."""

    type: Literal["note"] = "note"
    level: Literal["info", "warning", "error"] = "info"
    text: str
    hint: str = ""


PASSING = (ChatDelta, ToolProgress)
"""Events that are never stored."""
