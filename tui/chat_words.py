"""A word for each kind of event of a conversation, and what happened; ``tui.lines`` makes lines of them."""

from __future__ import annotations

from collections.abc import Callable

from repowright.tui.amounts import count, duration, money, tokens

CHAT_WORDS: dict[str, tuple[str, Callable[..., str]]] = {
    "chat.user": ("you", lambda event: str(event.text)),
    "chat.reply": ("agent", lambda event: event.text or f"calls {count(event.calls, 'tool')}"),
    "turn.start": ("turn", lambda event: f"begins with {event.message}"),
    "turn.end": (
        "turn",
        lambda event: (
            f"{event.status}: {count(event.steps, 'step')}, {tokens(event.prompt_tokens + event.completion_tokens)} "
            f"tokens, {money(event.usd)}, {duration(event.seconds)}"
        ),
    ),
    "tool.call": ("tool", lambda event: event.title or event.name),
    "tool.result": ("tool", lambda event: f"{event.name} {event.state} in {duration(event.seconds)}"),
    "file.change": ("file", lambda event: f"{event.path} +{event.added} -{event.removed} by the {event.by}"),
    "tests.report": (
        "tests",
        lambda event: (
            f"{event.passed} passed, {event.failed + event.errors} failed"
            f"{': ' + ', '.join(event.failing[:3]) if event.failing else ''}"
        ),
    ),
    "approval.ask": ("asks", lambda event: f"{event.title} ({event.reason})" if event.reason else event.title),
    "approval.decided": ("decided", lambda event: f"{event.decision} by {event.by}"),
    "queue.changed": ("queue", lambda event: f"{count(len(event.waiting), 'message')} waiting"),
    "mode.changed": ("mode", lambda event: str(event.mode)),
    "plan.changed": ("plan", lambda event: event.plan or "none"),
    "compaction": (
        "context",
        lambda event: f"{count(event.messages, 'message')} summarised, {tokens(event.tokens_after)} tokens are left",
    ),
    "rewind": ("rewind", lambda event: f"{event.what} to before {event.message}"),
    "graph.state": (
        "graph",
        lambda event: f"{event.state}{f', {event.nodes:,} nodes' if event.nodes else ''}{' ' + event.reason}".rstrip(),
    ),
    "note": ("note", lambda event: f"{event.text} ({event.hint})" if event.hint else event.text),
}
