"""A conversation under way: turns one after the other, each a run of the workflow that can be stopped and resumed."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from repowright.agent.chat.acting import told_by
from repowright.agent.chat.ending import INTERNAL, Ended, Ending
from repowright.agent.chat.entries import Entry
from repowright.agent.chat.events import (
    Choice,
    Mode,
    ModeChanged,
    PlanChanged,
    RewindWhat,
    Rewound,
    ToolCalled,
    ToolResult,
    TurnEnd,
    TurnStart,
    Waiting,
)
from repowright.agent.chat.pruning import THREAD
from repowright.agent.chat.results import unanswered
from repowright.agent.chat.rewind import changes_since, left_note, point_of, restoration
from repowright.agent.chat.state import ChatState, Hand
from repowright.agent.chat.steps import Workflow, compacted
from repowright.agent.chat.tools.tool import Site
from repowright.agent.chat.wishes import Wish
from repowright.agent.errors import BudgetSpent, UserError
from repowright.agent.events import Failure
from repowright.agent.llm import Message, ToolCall
from repowright.agent.side_record import CallCounts
from repowright.agent.sitting import TYPED_ERRORS

_log = logging.getLogger(__name__)

CONFIG: RunnableConfig = {"configurable": {"thread_id": THREAD}, "recursion_limit": 100_000}
_OVER = ("done", "denied")
_STOPPED = "not done: the user stopped the turn"
_PASSED_OVER = "not done: the user said something else first"


class Conversation:
    """Takes commands at any time; one turn is under way at most.

    Parameters
    ----------
    counts
        Adds up what the calls of the session cost.
    tidy
        Removes what no turn goes back to.
    """

    def __init__(self, hand: Hand, workflow: Workflow, counts: CallCounts, tidy: Callable[[], Awaitable[None]]) -> None:
        self._hand = hand
        self._workflow = workflow
        self._counts = counts
        self._tidy = tidy
        self._turns: asyncio.Task[None] | None = None
        self._step: asyncio.Task[Any] | None = None
        self._notes: list[Entry] = []
        self._shells: set[asyncio.Task[None]] = set()
        self._closing = False
        self._error_code = INTERNAL
        self._ended: Ending | None = None

    async def open(self) -> bool:
        """Take up the stored conversation; tell whether a turn of it was cut off."""
        state = await self._state()
        if state:
            # What a step had written when it was killed is in no checkpoint yet, and the next step would drop it.
            await self._put(state)
        self._hand.tip = state.get("tip", "")
        held = {entry.id for _, entry in self._hand.thread.back(self._hand.tip) if entry.kind == "user"}
        self._hand.queue.forget(held)
        return bool(state.get("turn"))

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._turns is not None and not self._turns.done()

    @property
    def ending(self) -> Ending:
        """How the last work ended; one that never came to an end, or was never begun, was cut off."""
        return self._ended or Ending("cancelled")

    def send(self, text: str) -> None:
        """Let a message wait for its turn, which begins at once if none is under way."""
        self._hand.queue.put(self._checked(text), "send")
        self._kick(self._take_turns())

    def steer(self, text: str) -> None:
        """Say something at the next step."""
        self._hand.queue.put(self._checked(text), "steer" if self.busy else "send")
        self._kick(self._take_turns())

    def unqueue(self, message: str) -> None:
        """Take a waiting message back."""
        self._hand.queue.take_back(message)

    def drain(self) -> None:
        """Stop the turn after the step under way."""
        self._hand.stopping = True

    async def cancel(self) -> None:
        """Stop the turn now and wait until it has stopped."""
        if self.busy and self._turns is not None:
            self._hand.stopping = True
            if self._step is not None:
                self._step.cancel()
            await asyncio.wait([self._turns])

    def resume_turn(self) -> None:
        """Go on with the turn that was stopped, or with the queue."""
        self._kick(self._go_on())

    def decide(self, approval: str, decision: Choice, reason: str) -> None:
        """Answer an open approval."""
        self._hand.permission.decide(approval, decision, reason)

    def set_mode(self, mode: Mode) -> None:
        """Change the mode from the next wish on."""
        self._hand.permission.set_mode(mode)
        self._hand.desk.emit(ModeChanged(mode=mode))

    async def rewind(self, message: str, what: RewindWhat) -> None:
        """Go back to before a message; see ``rewind.restoration`` for what becomes of files.

        Raises
        ------
        UserError
            If there is no such message.
        RepoToolsError
            If a file cannot be written.
        """
        await self.cancel()
        hand, state = self._hand, await self._state()
        point = point_of(message, hand.tip, hand.thread)
        since = changes_since(point, hand.tip, hand.thread)
        plan = restoration(since, hand.desk.workspace) if what != "conversation" and since else None
        done = [change for change in plan.changes if hand.desk.workspace.make(change)] if plan else []
        for change in done:
            hand.desk.emit(hand.desk.edit_of(change).told(by="rewind"))
        if what == "code":
            tip = hand.tip
            if done:
                tip = hand.thread.add(tip, left_note(done, "The user set these files back to what they were before"))
        else:
            tip = point.parent
            left = [*reversed(since), *done]
            if what == "conversation" and since:
                tip = hand.thread.add(tip, left_note(left, "Files changed in work that the user took out of here"))
        values: ChatState = {"tip": tip, "turn": "", "anew": state.get("anew", 0) + 1}
        await self._put(values)
        kept = list(plan.kept) if plan else []
        files = [change.path for change in done]
        text = point.message.content
        hand.desk.emit(Rewound(message=message, what=what, text=text, files=files, kept=kept))
        hand.desk.emit(PlanChanged(plan=hand.thread.plan(tip)))

    async def compact(self) -> None:
        """Summarise what the model reads, between two turns.

        Raises
        ------
        UserError
            If a turn is under way.
        AgentError
            If the model cannot be used or the budget is spent.
        """
        if self.busy:
            raise UserError("a turn is under way", "stop it, or wait for its end")
        state = await self._state()
        if self._hand.tip:
            tip = await compacted(self._hand, self._hand.tip, state)
            await self._put({"tip": tip, "anew": state.get("anew", 0) + 1})

    def shell(self, command: str) -> None:
        """Run the user's own command in the sandbox; what it said is part of the next turn."""
        task = asyncio.create_task(self._run_shell(self._checked(command)))
        self._shells.add(task)
        task.add_done_callback(self._shells.discard)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self.busy or self._shells:
            running = [*self._shells, *([self._turns] if self.busy and self._turns else [])]
            await asyncio.wait(running)
        if self._turns is not None and not self._turns.cancelled():
            self._turns.result()

    async def close(self) -> bool:
        """Stop at once, leaving open calls to the next sitting; tell whether something is left to do."""
        self._closing = True
        for task in list(self._shells):
            task.cancel()
        await self.cancel()
        if self._shells:
            await asyncio.wait(self._shells)
        if self._notes and not self._hand.thread.open_calls(self._hand.tip):
            await self._put({"tip": self._noted(self._hand.tip)})
        return bool((await self._state()).get("turn")) or bool(self._hand.queue.waiting)

    def _kick(self, work: Coroutine[Any, Any, None]) -> None:
        if self.busy or self._closing:
            work.close()
            return
        self._hand.stopping = False
        self._turns = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Tell what went wrong outside of the steps of a turn, such as a full disk."""
        try:
            await work
            self._ended = self._ended or Ending()
        except Exception as err:  # the top loop of all turns
            self._ended = Ending(self._failed(err), self._error_code)

    async def _take_turns(self) -> None:
        while not self._hand.stopping and (waiting := self._hand.queue.next()) is not None:
            if await self._turn(waiting) not in _OVER:
                return

    async def _go_on(self) -> None:
        state = await self._state()
        turn = state.get("turn", "")
        # The tip is said anew: what a step wrote before it was cut off would be dropped with the step.
        if not turn or await self._drive(turn, {**state, "steps": 0}) in _OVER:
            await self._take_turns()

    async def _turn(self, waiting: Waiting) -> Ended:
        hand = self._hand
        tip = unanswered(hand, hand.tip, _PASSED_OVER) if hand.tip else ""
        tip = hand.hear(self._noted(tip), waiting)
        return await self._drive(waiting.message, {"tip": tip, "turn": waiting.message, "steps": 0})

    async def _drive(self, message: str, values: ChatState) -> Ended:
        hand, started, before = self._hand, time.monotonic(), self._counts.cost()
        refused = hand.permission.refused_by_nobody
        hand.desk.emit(TurnStart(message=message))
        ended = await self._worked(values)
        if ended == "done" and hand.permission.refused_by_nobody > refused:
            ended = "denied"
        self._ended = Ending(ended, self._error_code)
        after = self._counts.cost()
        hand.desk.emit(
            TurnEnd(
                message=message,
                status=ended,
                steps=(await self._state()).get("steps", 0),
                seconds=time.monotonic() - started,
                prompt_tokens=after.prompt_tokens - before.prompt_tokens,
                completion_tokens=after.completion_tokens - before.completion_tokens,
                usd=after.usd - before.usd,
            )
        )
        return ended

    def _noted(self, tip: str) -> str:
        """Add what the user's own commands said and return the new tip."""
        for note in self._notes:
            tip = self._hand.thread.add(tip, note)
        self._notes.clear()
        return tip

    async def _worked(self, values: ChatState) -> Ended:
        """Run the turn and bring what is kept in line with what is stored; whatever goes wrong ends the turn alone."""
        try:
            ended = await self._run(values)
        except Exception as err:  # the top loop of a turn: no fault in it may leave a session that says nothing
            ended = self._failed(err)
        try:
            await self._after(ended)
        except Exception as err:  # as above
            ended = self._failed(err)
        return ended

    def _failed(self, err: Exception) -> Ended:
        """Tell what went wrong."""
        message, hint = getattr(err, "message", str(err)), getattr(err, "hint", "")
        self._error_code = int(getattr(err, "exit_code", INTERNAL))
        if not isinstance(err, TYPED_ERRORS):
            _log.error("a turn met a fault", exc_info=err)
            message = f"internal error: {type(err).__name__}: {err}"
            hint, self._error_code = "go on with the turn, or say something else", INTERNAL
        self._hand.desk.emit(Failure(error=type(err).__name__, message=message, hint=hint))
        return "budget" if isinstance(err, BudgetSpent) else "error"

    async def _run(self, values: ChatState) -> Ended:
        self._step = asyncio.create_task(self._steps(values))
        try:
            state = await self._step
        except asyncio.CancelledError:
            if not self._step.cancelled():
                self._step.cancel()
                raise
            return "cancelled"
        finally:
            self._step = None
        if not state.get("turn"):
            return "done"
        return "drained" if self._hand.stopping else "steps"

    async def _steps(self, values: ChatState) -> dict[str, Any]:
        await self._hand.outfitted()
        return await self._workflow.ainvoke(values, CONFIG, context=self._hand, durability="sync")

    async def _after(self, ended: Ended) -> None:
        """Bring what is kept in memory to what is stored, and answer the calls of a turn that was stopped."""
        state = await self._state()
        hand = self._hand
        hand.tip = state.get("tip", "")
        # A step that was cut off may have heard what the stored conversation does not hold.
        hand.said = {message for message in hand.said if hand.thread.find(hand.tip, message) is not None}
        hand.settle_queue()
        await self._tidy()
        if ended == "cancelled" and hand.tip:
            tip = hand.tip if self._closing else unanswered(hand, hand.tip, _STOPPED)
            await self._put({**state, "tip": tip})

    async def _run_shell(self, command: str) -> None:
        hand = self._hand
        call = hand.ledger.next_calls(1)[0]
        wanted = ToolCall(id=call, name="shell", arguments=_arguments(command))
        hand.desk.emit(
            ToolCalled(call=call, message="", name="shell", title=f"! {command}", arguments=wanted.arguments)
        )
        started = time.monotonic()
        told, state = await told_by(hand, wanted, Site(call, f"{call}-user", hand.desk, self._permit_own))
        text, handle = hand.desk.handles.shorten(hand.redactor.text(told.text))
        seconds = time.monotonic() - started
        hand.desk.emit(ToolResult(call=call, name="shell", state=state, text=text, handle=handle, seconds=seconds))
        self._ended = Ending("done" if state == "done" else "failed")
        said = f"The user ran `{command}` in the sandbox:\n{text}"
        message = Message(role="user", content=hand.redactor.text(said))
        self._notes.append(Entry(kind="note", id=call, message=message, changes=told.changes))

    async def _permit_own(self, wish: Wish) -> None:
        """Grant what the user typed; what it made of files is asked for as ever."""
        if wish.what.effect != "run":
            await self._hand.permission(wish)

    def _checked(self, text: str) -> str:
        if not text.strip():
            raise UserError("there is nothing to say", "type a message")
        return self._hand.redactor.text(text)

    async def _state(self) -> ChatState:
        return cast(ChatState, (await self._workflow.aget_state(CONFIG)).values)

    async def _put(self, values: ChatState) -> None:
        await self._workflow.aupdate_state(CONFIG, dict(values), as_node="act")
        self._hand.tip = values.get("tip", self._hand.tip)


def _arguments(command: str) -> str:
    return json.dumps({"command": command})
