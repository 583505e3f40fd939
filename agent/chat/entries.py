"""The conversation as a chain of kept entries, each naming the one before it, as commits of a repository do.

The state of the workflow is one address, the tip; going back is another tip, and a copy of the session shares all
that was said before. An entry's ``chain`` is a digest of all that was said up to it, numbers of messages left out:
the same words give the same digest, in a replay too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import RunDamaged
from repowright.agent.llm import Message, ToolCall

Kind = Literal["user", "reply", "result", "note", "summary"]


class Change(BaseModel):
    """What became of one file: artifacts of its content, empty where there was none or is none."""

    model_config = ConfigDict(frozen=True)

    path: str
    before: str
    after: str


class Entry(BaseModel):
    """One thing that was said or done.

    Parameters
    ----------
    parent
        Address of the entry before; empty for the first.
    id
        ``m<number>`` of a message, ``c<number>`` of a call's result.
    asked
        The calls of a reply, which a model without tools of its own writes into its text.
    calls
        Ids of these calls.
    changes
        What it did to files of the project.
    plan
        The plan from here on; ``None`` where it stays.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    id: str
    message: Message
    parent: str = ""
    chain: str = ""
    asked: tuple[ToolCall, ...] = ()
    calls: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    plan: str | None = None


class Thread:
    """Adds entries to a store and walks along them; a tip is the address of the newest."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    def add(self, tip: str, entry: Entry) -> str:
        """Keep an entry behind the tip and return the new tip."""
        before = self.entry(tip).chain if tip else ""
        said = entry.message.model_dump_json()
        chain = hashlib.sha256(f"{before}\0{entry.kind}\0{said}".encode()).hexdigest()
        kept = entry.model_copy(update={"parent": tip, "chain": chain})
        return self._store.put_text(kept.model_dump_json(exclude_defaults=True))

    def entry(self, address: str) -> Entry:
        """Return an entry.

        Raises
        ------
        RunDamaged
            If it is not there, or no entry.
        """
        try:
            return Entry.model_validate_json(self._store.get_text(address))
        except ValidationError as err:
            raise RunDamaged(f"artifact {address[:12]} is no part of a conversation", "start a new session") from err

    def back(self, tip: str) -> Iterator[tuple[str, Entry]]:
        """Yield addresses and entries, newest first."""
        while tip:
            entry = self.entry(tip)
            yield tip, entry
            tip = entry.parent

    def read_by_model(self, tip: str) -> list[Entry]:
        """Return what the model reads, oldest first: the last summary and all that came after it."""
        found: list[Entry] = []
        for _, entry in self.back(tip):
            found.append(entry)
            if entry.kind == "summary":
                break
        return found[::-1]

    def open_calls(self, tip: str) -> list[int]:
        """Return which calls of the last reply have no result yet, by their place in it."""
        answered: set[str] = set()
        for _, entry in self.back(tip):
            if entry.kind == "reply":
                return [place for place, call in enumerate(entry.calls) if call not in answered]
            if entry.kind in ("user", "summary"):
                return []
            if entry.kind == "result":
                answered.add(entry.id)
        return []

    def last_reply(self, tip: str) -> Entry | None:
        """Return the newest reply."""
        return next((entry for _, entry in self.back(tip) if entry.kind == "reply"), None)

    def plan(self, tip: str) -> str:
        """Return the plan as it stands; empty if there is none."""
        return next((entry.plan for _, entry in self.back(tip) if entry.plan is not None), "")

    def find(self, tip: str, message: str) -> tuple[str, Entry] | None:
        """Return address and entry of a message."""
        return next(((address, entry) for address, entry in self.back(tip) if entry.id == message), None)
