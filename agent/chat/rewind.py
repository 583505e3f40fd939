"""Going back: the conversation to before a message, and the files to what they were, the user's own edits apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.chat.entries import Change, Entry, Thread
from repowright.agent.chat.workspace import Workspace
from repowright.agent.errors import UserError
from repowright.agent.llm import Message


@dataclass(frozen=True)
class Restoration:
    """What setting files back does.

    Parameters
    ----------
    changes
        What is to be made.
    kept
        Paths left as they are, wholly or in part, because somebody else changed them since.
    """

    changes: tuple[Change, ...]
    kept: tuple[str, ...]


def point_of(message: str, tip: str, thread: Thread) -> Entry:
    """Return the message of the user to go back to.

    Raises
    ------
    UserError
        If there is none in the conversation.
    """
    found = thread.find(tip, message)
    if found is None or found[1].kind != "user":
        raise UserError(f"there is no message {message} to go back to", "name a message of yours in this conversation")
    return found[1]


def changes_since(entry: Entry, tip: str, thread: Thread) -> list[Change]:
    """Return what the agent did to files after an entry, newest first."""
    found: list[Change] = []
    for address, each in thread.back(tip):
        if address == entry.parent:
            break
        found += reversed(each.changes)
        if each.id == entry.id and each.kind == entry.kind:
            break
    return found


def restoration(changes: Sequence[Change], workspace: Workspace) -> Restoration:
    """Return how files are set back, given what the agent did, newest first.

    Only an unbroken row of the agent's own edits is undone: where the file is no longer what the last one left, or
    somebody edited between two of them, what that person did stays.
    """
    made: list[Change] = []
    kept: set[str] = set()
    for path in sorted({change.path for change in changes}):
        row = [change for change in changes if change.path == path]
        earliest = _unbroken(row)
        if len(earliest) < len(row):
            kept.add(path)
        if workspace.holds(path, row[0].after):
            made.append(Change(path=path, before=row[0].after, after=earliest[-1].before))
        elif not workspace.holds(path, earliest[-1].before):
            kept.add(path)
    return Restoration(tuple(change for change in made if change.before != change.after), tuple(sorted(kept)))


def left_note(changes: Sequence[Change], text: str) -> Entry:
    """Return the note that says what became of files whose edits are no longer part of the conversation.

    Parameters
    ----------
    changes
        In the order they were made.
    """
    names = ", ".join(sorted({change.path for change in changes}))
    message = Message(role="user", content=f"({text}: {names})")
    return Entry(kind="note", id="", message=message, changes=tuple(changes))


def _unbroken(row: Sequence[Change]) -> list[Change]:
    """Return the newest changes, newest first, as far as each begins where the one before it ended."""
    found = [row[0]]
    for older in row[1:]:
        if older.after != found[-1].before:
            break
        found.append(older)
    return found
