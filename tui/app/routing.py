"""Which events belong to which tab."""

from __future__ import annotations

from repowright.agent import events as e
from repowright.agent.chat.events import FileChange
from repowright.tui.app.widgets.diff_view import ChangedFile
from repowright.tui.lines import line_of

_UNLOGGED = frozenset({"chat.delta", "tool.progress", "stage.progress", "llm.call", "context"})


def log_line(event: e.Event) -> str:
    """Return the line of an event in the log; nothing for what passes."""
    return "" if event.type in _UNLOGGED else line_of(event)


def changed_file(event: e.Event) -> ChangedFile | None:
    """Return what an event says of a file, if it does."""
    if isinstance(event, FileChange):
        cut = "" if event.whole else "\n(the diff is longer than is kept)"
        return ChangedFile(event.path, f"+{event.added} -{event.removed}", f"{event.diff}{cut}")
    if isinstance(event, e.FileWritten):
        return ChangedFile(event.path, f"{event.lines} lines", "")
    return None
