"""One conversation as an editor sees it: prompts in, updates and requests for permission out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import get_args

from acp import Client, RequestError, text_block, tool_content
from acp.schema import AllowedOutcome, PermissionOption, StopReason, ToolCallUpdate

from repowright.agent.acp.engines import Opened
from repowright.agent.acp.updates import Story, fenced
from repowright.agent.chat.events import (
    ApprovalAsk,
    ApprovalDecided,
    Choice,
    Mode,
    ModeChanged,
    Note,
    QueueChanged,
    TurnEnd,
    Waiting,
)
from repowright.agent.errors import AgentError
from repowright.agent.events import Event, Failure

_log = logging.getLogger(__name__)

_STOPS: dict[str, StopReason] = {
    "done": "end_turn",
    "denied": "end_turn",
    "drained": "cancelled",
    "cancelled": "cancelled",
    "budget": "max_tokens",
    "steps": "max_turn_requests",
}
_CHOICES: tuple[Choice, ...] = get_args(Choice)


class EditorSession:
    """Stands between an engine and the editor.

    Events are told in their order by one task; a request for permission waits beside it, so that it never holds up
    the stream.
    """

    def __init__(self, opened: Opened, client: Client, folder: Path) -> None:
        self.id = opened.engine.session
        self.folder = folder
        self.mode: Mode = "ask"
        self._opened = opened
        self._engine = opened.engine
        self._client = client
        self._story = Story(folder)
        self._outbox: asyncio.Queue[Event] = asyncio.Queue()
        self._pump: asyncio.Task[None] | None = None
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._open_asks: dict[str, ApprovalAsk] = {}
        self._waiting: list[Waiting] = []
        self._prompting = asyncio.Lock()
        self._turn: asyncio.Future[TurnEnd] | None = None
        self._others = 0
        self._problem = ""

    async def open(self) -> None:
        """Start the engine; of a resumed session the editor is told everything that was said, before this returns.

        Raises
        ------
        AgentError
            If the engine cannot start.
        """
        self._engine.subscribe(self._outbox.put_nowait)
        self._pump = asyncio.create_task(self._told(), name=f"acp {self.id}")
        await self._engine.start()
        for text in self._opened.notes:
            self._outbox.put_nowait(Note(level="warning", text=text))
        await self._outbox.join()
        self._story.live = True
        for ask in list(self._open_asks.values()):
            self._ask(ask)

    async def prompt(self, text: str) -> StopReason:
        """Say something and return why the turn it began ended.

        Raises
        ------
        AgentError
            If the engine does not take it.
        RequestError
            If the turn ended in an error.
        """
        async with self._prompting:
            self._others = self._engine.busy + len(self._waiting)
            self._problem = ""
            self._turn = asyncio.get_running_loop().create_future()
            try:
                await self._engine.send(text)
                end = await self._turn
            finally:
                self._turn = None
        if end.status == "error":
            raise RequestError(-32603, self._problem or "the turn ended in an error")
        return _STOPS[end.status]

    async def cancel(self) -> None:
        """Stop now; what waits is taken back, so that the prompt that said it ends too."""
        for each in list(self._waiting):
            with contextlib.suppress(AgentError):
                await self._engine.unqueue(each.message)
        self._others = 0
        await self._engine.cancel()
        await self._outbox.join()
        if self._turn is not None and not self._turn.done() and not self._engine.busy:
            self._turn.set_result(TurnEnd(message="", status="cancelled"))

    async def set_mode(self, mode: Mode) -> None:
        """Say what the agent may do unasked."""
        await self._engine.set_mode(mode)

    async def close(self) -> None:
        """Let the engine store everything, and stop telling."""
        try:
            await self._engine.close()
        finally:
            await self._opened.release()
        tasks = [*self._asking.values(), *([self._pump] if self._pump else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _told(self) -> None:
        while True:
            event = await self._outbox.get()
            try:
                await self._tell(event)
            except (ConnectionError, RequestError) as err:
                _log.info("the editor was not told of %s: %s", event.type, err)
            except Exception:  # the top loop of telling: one event must not silence all that follow it
                _log.exception("the editor was not told of %s", event.type)
            finally:
                self._outbox.task_done()

    async def _tell(self, event: Event) -> None:
        self._note(event)
        for update in self._story.updates(event):
            await self._client.session_update(self.id, update)

    def _note(self, event: Event) -> None:
        match event:
            case ApprovalAsk():
                self._open_asks[event.approval] = event
                if self._story.live:
                    self._ask(event)
            case ApprovalDecided():
                self._answered(event.approval)
            case QueueChanged():
                self._waiting = list(event.waiting)
            case ModeChanged():
                self.mode = event.mode
            case Note() if event.level == "error":
                self._problem = event.text
            case Failure():
                self._problem = event.message
            case TurnEnd():
                self._ended(event)

    def _ended(self, event: TurnEnd) -> None:
        """Resolve the prompt, unless the turn is one that was under way or waited before it."""
        if self._others:
            self._others -= 1
        elif self._turn is not None and not self._turn.done():
            self._turn.set_result(event)

    def _answered(self, approval: str) -> None:
        self._open_asks.pop(approval, None)
        asking = self._asking.pop(approval, None)
        if asking is not None and asking is not asyncio.current_task():
            asking.cancel()

    def _ask(self, event: ApprovalAsk) -> None:
        self._asking[event.approval] = asyncio.create_task(self._decided(event), name=f"acp ask {event.approval}")

    async def _decided(self, event: ApprovalAsk) -> None:
        choice, reason = await self._permission(event)
        try:
            await self._engine.decide(event.approval, choice, reason)
        except AgentError as err:
            _log.info("the approval %s was decided elsewhere: %s", event.approval, err)

    async def _permission(self, event: ApprovalAsk) -> tuple[Choice, str]:
        """Return what the user chose; whatever is no clear yes is a no."""
        words = "\n\n".join(filter(None, [event.reason, fenced(event.detail, "diff") if event.detail else ""]))
        call = ToolCallUpdate(
            tool_call_id=event.call,
            title=event.title,
            status="pending",
            content=[tool_content(text_block(words))] if words else None,
        )
        try:
            answer = await self._client.request_permission(self.id, call, _options(event))
        except (ConnectionError, RequestError) as err:
            return "deny", f"the editor could not be asked: {err}"
        outcome = answer.outcome
        if not isinstance(outcome, AllowedOutcome):
            return "deny", "the editor closed the question"
        chosen = next((choice for choice in _CHOICES if choice == outcome.option_id), None)
        return (chosen, "") if chosen else ("deny", f"the editor answered {outcome.option_id!r}, which was no choice")


def _options(event: ApprovalAsk) -> list[PermissionOption]:
    options = [PermissionOption(option_id="once", name="Allow once", kind="allow_once")]
    if event.scope:
        rules = ", ".join(event.scope)
        options += [
            PermissionOption(option_id="session", name=f"Allow for this session: {rules}", kind="allow_always"),
            PermissionOption(option_id="always", name=f"Always allow: {rules}", kind="allow_always"),
        ]
    return [*options, PermissionOption(option_id="deny", name="Deny", kind="reject_once")]
