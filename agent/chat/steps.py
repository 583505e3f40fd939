"""The two steps of a turn: the model thinks, and one of the calls it made is carried out.

A step is stored when it is over. One that is cut off is done again, and finds what it had paid for or changed:
replies in the record, results of tools as evidence, edits as changes that are made once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from repowright.agent.approvals.redaction import RedactedStream
from repowright.agent.chat import reading_list
from repowright.agent.chat.acting import perform, said_by
from repowright.agent.chat.clean_record import without_secrets
from repowright.agent.chat.compaction import SHARE, summary_entry, summary_of
from repowright.agent.chat.entries import Entry
from repowright.agent.chat.events import (
    ChatDelta,
    ChatReply,
    Compaction,
    ContextLevel,
    PlanChanged,
    ToolCalled,
)
from repowright.agent.chat.state import ChatState, Hand
from repowright.agent.llm import Message, Request
from repowright.agent.llm.tool_loop import calls_of

Workflow = CompiledStateGraph[ChatState, Hand, ChatState, ChatState]
Next = Literal["think", "act", "__end__"]
WORK = ("think", "act", "__end__")
NUMBERS = "chat-numbers"
"""Kind of the record's evidence on which numbers replies and calls were given."""

LEAST_COMPACTED = 4
"""Entries below which a summary saves nothing."""


def build(saver: BaseCheckpointSaver[str]) -> Workflow:
    """Build the workflow; a turn may begin, or go on, at any state of it."""
    builder = StateGraph(ChatState, context_schema=Hand)
    builder.add_node("begin", _begin, destinations=WORK)
    builder.add_node("think", _think, destinations=WORK)
    builder.add_node("act", _act, destinations=WORK)
    builder.add_edge(START, "begin")
    return builder.compile(checkpointer=saver)


async def _begin(state: ChatState, runtime: Runtime[Hand]) -> Command[Next]:
    hand = runtime.context
    hand.tip = state["tip"]
    hand.settle_queue()
    return Command(goto="act" if hand.thread.open_calls(hand.tip) else "think")


async def _think(state: ChatState, runtime: Runtime[Hand]) -> Command[Next]:
    hand = runtime.context
    hand.settle_queue()
    tip, steps = state["tip"], state.get("steps", 0)
    for waiting in hand.queue.steering(hand.said):
        tip = hand.hear(tip, waiting)
    asked, anew = _request(hand, tip, state), state.get("anew", 0)
    if reading_list.size(asked) > hand.window * SHARE:
        before, tip = tip, await compacted(hand, tip, state)
        anew += tip != before
        asked = replace(_request(hand, tip, state), sample=anew)
    tip, calls = await _reply(hand, tip, asked)
    hand.tip = tip
    values: dict[str, Any] = {"tip": tip, "steps": steps + 1, "anew": anew}
    if calls:
        return Command(update=values, goto=_on(hand, "act"))
    if hand.queue.steering(hand.said):
        return Command(update=values, goto=_on(hand, "think"))
    return Command(update={**values, "turn": ""}, goto="__end__")


async def _act(state: ChatState, runtime: Runtime[Hand]) -> Command[Next]:
    hand = runtime.context
    hand.settle_queue()
    tip = state["tip"]
    place = hand.thread.open_calls(tip)[0]
    reply = hand.thread.last_reply(tip)
    assert reply is not None
    done = await perform(hand, tip, reply, place, state.get("anew", 0))
    tip = hand.thread.add(tip, done)
    if done.plan is not None:
        hand.desk.emit(PlanChanged(plan=done.plan))
    hand.tip = tip
    if hand.thread.open_calls(tip):
        return Command(update={"tip": tip}, goto=_on(hand, "act"))
    spent = state.get("steps", 0) >= hand.most_steps
    return Command(update={"tip": tip}, goto="__end__" if spent else _on(hand, "think"))


def _on(hand: Hand, node: Literal["think", "act"]) -> Next:
    return "__end__" if hand.stopping else node


def _request(hand: Hand, tip: str, state: ChatState) -> Request:
    entries = hand.thread.read_by_model(tip)
    return reading_list.request(hand.setting, entries, state.get("anew", 0), state.get("turn", ""))


async def compacted(hand: Hand, tip: str, state: ChatState) -> str:
    """Put a summary behind the tip and return the new one; too short a conversation is left as it is.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    entries = hand.thread.read_by_model(tip)
    if len(entries) < LEAST_COMPACTED:
        return tip
    before = reading_list.size(_request(hand, tip, state))
    summary = await summary_of(entries, hand.desk.gateway, hand.window)
    entry = summary_entry(summary, tip, hand.thread, hand.desk.workspace)
    # The edits that stay word for word may have a secret of a file beside them.
    clean = entry.message.model_copy(update={"content": hand.redactor.text(entry.message.content)})
    tip = hand.thread.add(tip, entry.model_copy(update={"message": clean}))
    after = reading_list.size(_request(hand, tip, state))
    told = Compaction(tokens_before=before, tokens_after=after, messages=len(entries), summary=summary)
    hand.desk.emit(told)
    return tip


async def _reply(hand: Hand, tip: str, asked: Request) -> tuple[str, bool]:
    """Ask the model, add its reply and return the new tip and whether it calls tools."""
    key = asked.key(hand.desk.gateway.model)
    message = _same(hand, f"{key}-message", hand.ledger.next_message)
    hand.speaking = message
    try:
        stream = hand.redactor.stream()
        reply = await hand.desk.gateway.complete(replace(asked, heard=partial(_heard, hand, stream)))
        _tell(hand, stream.end())
    finally:
        hand.speaking = ""
    reply = without_secrets(reply, hand.redactor)
    calls, native = calls_of(reply)
    ids = _same(hand, f"{key}-calls", lambda: " ".join(hand.ledger.next_calls(len(calls))))
    said = Message(
        role="assistant",
        content=reply.text if reply.text or calls else "(no text)",
        tool_calls=reply.tool_calls if native else (),
    )
    entry = Entry(kind="reply", id=message, message=said, asked=calls, calls=tuple(ids.split()))
    tip = hand.thread.add(tip, entry)
    hand.desk.emit(ChatReply(message=message, text=entry.message.content, calls=len(entry.calls)))
    for call, wanted in zip(entry.calls, entry.asked, strict=True):
        title = said_by(hand, wanted)
        hand.desk.emit(
            ToolCalled(call=call, message=message, name=wanted.name, title=title, arguments=wanted.arguments)
        )
    used = reply.usage.prompt_tokens + reply.usage.completion_tokens
    hand.desk.emit(ContextLevel(tokens=used or reading_list.size(asked), window=hand.window))
    return tip, bool(entry.calls)


def _heard(hand: Hand, stream: RedactedStream, text: str) -> None:
    _tell(hand, stream.feed(text))


def _tell(hand: Hand, text: str) -> None:
    if text:
        hand.desk.emit(ChatDelta(message=hand.speaking, text=text))


def _same(hand: Hand, name: str, make: Callable[[], str]) -> str:
    """Return the number given to a reply before; a step that is done again tells of the same reply."""
    known = hand.desk.record.get_text(NUMBERS, name)
    if known is None:
        known = make()
        hand.desk.record.put_text(NUMBERS, name, known)
    return known
