"""Bags of all commits' files in one place: a hundred commits of a repository share nearly all of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

import ormsgpack

from repowright.graph.encode.phrases import phrase
from repowright.graph.encode.test_code import is_test
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.registry import frontend_for
from repowright.repo_tools.textindex import bags
from repowright.repo_tools.textindex.words import VERSION, vocabulary

_WAIT_S = 120.0


class FileWords(NamedTuple):
    """A file's bag, and what its definitions are for by qualified name."""

    bag: bags.Bag
    purposes: dict[str, str]


class BagCache:
    """Bags by path and blob id, in an SQLite file that several processes may share."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=_WAIT_S)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS bags (key TEXT PRIMARY KEY, value BLOB)")
        self._open: dict[str, FileWords | None] = {}

    def known(self, path: str, content: str) -> tuple[bool, FileWords | None]:
        """Return whether a file is known, and its words; `None` for a test."""
        key = _key(path, content)
        if key not in self._open:
            row = self._database.execute("SELECT value FROM bags WHERE key = ?", (key,)).fetchone()
            if row is None:
                return False, None
            self._open[key] = _unpacked(row[0])
        return True, self._open[key]

    def add(self, path: str, content: str, source: bytes) -> FileWords | None:
        """Read a file and keep its words."""
        facts = frontend_for(path).read(path, source)
        value = pack(facts, source)
        self._database.execute("INSERT OR REPLACE INTO bags VALUES (?, ?)", (_key(path, content), value))
        found = self._open[_key(path, content)] = _unpacked(value)
        return found

    def commit(self) -> None:
        """Make what was added last."""
        self._database.commit()

    def forget(self) -> None:
        """Let go of what is in memory."""
        self._open.clear()


def pack(facts: FileFacts, source: bytes) -> bytes:
    """Return a file's words as bytes; empty for a test."""
    if is_test(facts.path, facts):
        return b""
    purposes: dict[str, str] = {}
    for definition in facts.definitions:
        owner = facts.definitions[definition.parent].name if definition.parent >= 0 else ""
        purposes.setdefault(definition.qualname, phrase(definition, owner))
    return ormsgpack.packb([bags.pack(bags.make_bag(facts, source, vocabulary())), purposes])


def _unpacked(value: bytes) -> FileWords | None:
    if not value:
        return None
    packed, purposes = ormsgpack.unpackb(value)
    return FileWords(bags.unpack(packed), purposes)


def _key(path: str, content: str) -> str:
    return f"{bags.FORMAT}.{VERSION}:{path}:{content}"
