"""What going back to a message would change, from the events so far; knows nothing of widgets."""

from __future__ import annotations

from dataclasses import dataclass, field

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.amounts import count


@dataclass(frozen=True)
class Preview:
    """What lies after a message of the user, itself included.

    Parameters
    ----------
    changes
        What the agent did to files, in order; the user's own edits are not among them.
    """

    messages: int
    replies: int
    changes: tuple[c.FileChange, ...]

    @property
    def said(self) -> str:
        """What the conversation would lose."""
        return f"{count(self.messages, 'message')} and {count(self.replies, 'reply', 'replies')} are taken out"

    @property
    def files(self) -> str:
        """What would be set back."""
        paths = sorted({change.path for change in self.changes})
        if not paths:
            return "no file was changed since"
        added, removed = sum(each.added for each in self.changes), sum(each.removed for each in self.changes)
        return f"{count(len(paths), 'file')} set back (+{added} -{removed} undone): {', '.join(paths)}"

    @property
    def diff(self) -> str:
        """What the agent did, newest first."""
        return "\n".join(change.diff.rstrip("\n") for change in reversed(self.changes))


@dataclass
class History:
    """Takes events in, and tells what lies after each message."""

    _items: list[c.ChatUser | c.ChatReply | c.FileChange] = field(default_factory=list)

    def __call__(self, event: e.Event) -> None:
        if isinstance(event, c.Rewound):
            self._rewind(event)
        elif isinstance(event, c.ChatUser | c.ChatReply | c.FileChange) and _counts(event):
            self._items.append(event)

    def since(self, message: str) -> Preview:
        """Return what lies after a message; nothing for one that is not there."""
        items = self._items[self._place(message) :]
        return Preview(
            sum(isinstance(each, c.ChatUser) for each in items),
            sum(isinstance(each, c.ChatReply) for each in items),
            tuple(each for each in items if isinstance(each, c.FileChange)),
        )

    def _rewind(self, event: c.Rewound) -> None:
        place = self._place(event.message)
        before, after = self._items[:place], self._items[place:]
        kept = () if event.what == "both" else after
        files_stay = event.what == "conversation"
        self._items = [*before, *(each for each in kept if isinstance(each, c.FileChange) == files_stay)]

    def _place(self, message: str) -> int:
        for place, each in enumerate(self._items):
            if isinstance(each, c.ChatUser) and each.message == message:
                return place
        return len(self._items)


def _counts(item: c.ChatUser | c.ChatReply | c.FileChange) -> bool:
    """Tell whether something is part of what a rewind takes: said in words, or done to a file by the agent."""
    if isinstance(item, c.FileChange):
        return item.by == "agent"
    return bool(item.text.strip())
