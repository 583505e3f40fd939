"""Carrying out one call: its arguments checked, its wishes asked for, its result kept short for the model."""

from __future__ import annotations

import hashlib
import time
from typing import Literal

from pydantic import ValidationError

from repowright.agent.chat.entries import Entry
from repowright.agent.chat.events import ToolResult
from repowright.agent.chat.results import result_entry
from repowright.agent.chat.state import Hand
from repowright.agent.chat.tools.tool import Site, Told
from repowright.agent.chat.wishes import Refused
from repowright.agent.errors import BudgetSpent
from repowright.agent.llm import ToolCall
from repowright.agent.llm.json_answers import problems_of
from repowright.agent.sitting import TYPED_ERRORS

State = Literal["done", "failed", "denied", "cancelled"]


async def perform(hand: Hand, tip: str, reply: Entry, place: int, sample: int) -> Entry:
    """Carry out a call and return the entry of its result.

    Parameters
    ----------
    sample
        As of the requests: what is done again after going back is another call.

    Raises
    ------
    BudgetSpent
        If the work of the tool met the end of the budget; the call stays open.
    """
    wanted, call = reply.asked[place], reply.calls[place]
    started = time.monotonic()
    key = hashlib.sha256(f"{sample}\0{reply.chain}\0{place}\0{hand.thread.entry(tip).chain}".encode()).hexdigest()[:32]
    told, state = await told_by(hand, wanted, Site(call, key, hand.desk, hand.permission))
    return finished(hand, reply, place, told, state, time.monotonic() - started)


def finished(hand: Hand, reply: Entry, place: int, told: Told, state: State, seconds: float) -> Entry:
    """Tell how a call ended and return its entry."""
    wanted, call = reply.asked[place], reply.calls[place]
    text, handle = hand.desk.handles.shorten(hand.redactor.text(told.text))
    hand.desk.emit(ToolResult(call=call, name=wanted.name, state=state, text=text, handle=handle, seconds=seconds))
    return result_entry(reply, place, text).model_copy(update={"changes": told.changes, "plan": told.plan})


async def told_by(hand: Hand, wanted: ToolCall, site: Site) -> tuple[Told, State]:
    """Return what a tool says of a call; everything but the end of the budget becomes words for the model."""
    tool = hand.tools.get(wanted.name)
    if tool is None:
        names = ", ".join(sorted(hand.tools))
        return Told(text=f"error: there is no tool {wanted.name!r}; the tools are {names}"), "failed"
    marks = hand.redactor.marks_in(wanted.arguments)
    if marks:
        # Neither may a secret leave in a call, nor may what stands in its place be written over it.
        said = f"not done: {', '.join(marks)} stands for a secret of the environment, which no call may hold"
        return Told(text=said), "denied"
    try:
        arguments = tool.arguments.model_validate_json(wanted.arguments.strip() or "{}")
    except ValidationError as err:
        return Told(text="error: the arguments are not valid: " + "; ".join(problems_of(err))), "failed"
    try:
        told = await tool.call(arguments, site)
    except Refused as refused:
        return Told(text=f"not done: {refused.reason}"), "denied"
    except BudgetSpent:
        raise
    except TYPED_ERRORS as err:
        return Told(text=f"error: {err}"), "failed"
    return told, "failed" if told.failed else "done"


def said_by(hand: Hand, wanted: ToolCall) -> str:
    """Return a call on one line, for people."""
    tool = hand.tools.get(wanted.name)
    if tool is None:
        return wanted.name
    try:
        return tool.title(tool.arguments.model_validate_json(wanted.arguments.strip() or "{}"))
    except ValidationError:
        return wanted.name
