"""Making room: what was said becomes a summary; the plan, the open edits and the last request stay word for word."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent import prompts
from repowright.agent.chat.entries import Entry, Thread
from repowright.agent.chat.workspace import Edit, Workspace
from repowright.agent.llm import Gateway, Message, Request

PROMPT = "chat/summary"
SHARE = 0.8
"""Share of the window that may be full before room is made."""

MOST_EDITS = 12_000
"""Characters of open edits that stay; of longer ones the names and sizes."""

_ENTRY = 4_000
_SUMMARY_TOKENS = 3_000


async def summary_of(entries: Sequence[Entry], gateway: Gateway, window: int) -> str:
    """Return the model's summary of entries.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    lines = [_told(entry) for entry in entries]
    # The oldest are left out where even the shortened ones do not fit.
    while len(lines) > 1 and sum(map(len, lines)) > window * 2:
        del lines[0]
    messages = prompts.render(PROMPT, {"conversation": "\n\n".join(lines)})
    asked = Request(
        task="chat.summary",
        prompt_hash=prompts.prompt_hash(PROMPT),
        messages=messages,
        max_tokens=_SUMMARY_TOKENS,
        subject="compaction",
    )
    return (await gateway.complete(asked)).text.strip()


def summary_entry(summary: str, tip: str, thread: Thread, workspace: Workspace) -> Entry:
    """Return the entry that stands for all before it."""
    plan = thread.plan(tip)
    parts = [f"# What was said so far\n\n{summary}"]
    if plan:
        parts.append(f"# The plan\n\n{plan}")
    edits = open_edits(tip, thread, workspace)
    if edits:
        parts.append(f"# Your edits so far, as they stand\n\n{edits}")
    last = last_request(tip, thread)
    if last:
        parts.append(f"# The user's last request, word for word\n\n{last}")
    return Entry(kind="summary", id="", message=Message(role="user", content="\n\n".join(parts)), plan=plan)


def last_request(tip: str, thread: Thread) -> str:
    """Return what the user said last."""
    return next((entry.message.content for _, entry in thread.back(tip) if entry.kind == "user"), "")


def open_edits(tip: str, thread: Thread, workspace: Workspace) -> str:
    """Return the agent's edits of the whole conversation, from first to last, as one diff a file."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for _, entry in thread.back(tip):
        for change in reversed(entry.changes):
            last.setdefault(change.path, change.after)
            first[change.path] = change.before
    edits = [
        Edit(path, workspace.content(first[path]), workspace.content(last[path]))
        for path in sorted(first)
        if first[path] != last[path]
    ]
    text = "".join(edit.diff for edit in edits)
    if len(text) <= MOST_EDITS:
        return f"```diff\n{text}```" if text else ""
    told = (edit.told() for edit in edits)
    return "\n".join(f"- {each.path}: {each.added} lines added, {each.removed} removed" for each in told)


def _told(entry: Entry) -> str:
    calls = "".join(f"\ncalls {call.name} {call.arguments[:500]}" for call in entry.message.tool_calls)
    return f"[{entry.kind}] {entry.message.content[:_ENTRY]}{calls}"
