"""Results of calls as the model reads them, and those of calls that were never carried out."""

from __future__ import annotations

from repowright.agent.chat.entries import Entry
from repowright.agent.chat.events import ToolResult
from repowright.agent.chat.state import Hand
from repowright.agent.llm import Message


def unanswered(hand: Hand, tip: str, text: str) -> str:
    """Answer the open calls of the last reply with a text and return the new tip."""
    reply = hand.thread.last_reply(tip)
    for place in hand.thread.open_calls(tip):
        assert reply is not None
        call, wanted = reply.calls[place], reply.asked[place]
        hand.desk.emit(ToolResult(call=call, name=wanted.name, state="cancelled", text=text))
        tip = hand.thread.add(tip, result_entry(reply, place, text))
    return tip


def result_entry(reply: Entry, place: int, text: str) -> Entry:
    """Return the entry of a call's result, in the form that the model called in."""
    wanted = reply.asked[place]
    if reply.message.tool_calls:
        message = Message(role="tool", content=text, tool_call_id=wanted.id)
    else:
        message = Message(role="user", content=f"Result of {wanted.name}:\n{text}")
    return Entry(kind="result", id=reply.calls[place], message=message)
