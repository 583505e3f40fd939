"""A graph on disk, file by file: one SQLite database, changed all or nothing.

A process that is killed at any moment leaves the graph as it was before its update.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import ormsgpack

from repowright.graph.store.connection import connect, speaking
from repowright.graph.store.rows import FileRow, GroupRow, LiftRow

_FILE_COLUMNS = "id, path, content, reader, size, mtime_ns, inode, is_test, error, imports"
_BY_FILE = ("contributions", "nodes", "edges", "lookups")


class Store:
    """An open stored graph. Every call belongs inside `reading` or `writing`.

    Parameters
    ----------
    create
        Whether a file that is missing or empty becomes a stored graph.

    Raises
    ------
    StoreError, StoreLocked, SchemaError, SchemaTooNew
        If the file cannot be used; the message names it.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        self.path = path
        self._database = connect(path, create=create, read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """See one state of the graph, whatever other processes do.

        Raises
        ------
        StoreError
            If what is read is damaged.
        StoreLocked
            If another process is just writing.
        """
        with speaking(self.path):
            self._database.execute("BEGIN")
            try:
                yield self
            finally:
                self._database.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Self]:
        """Change the graph: all of it when the block ends, nothing when it raises.

        Raises
        ------
        StoreLocked
            If another process is at it.
        StoreError
            If the disk is full, or the file damaged or read-only.
        """
        with speaking(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self
                self._database.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise

    def meta(self) -> dict[str, str]:
        """Return what is said of the graph as a whole."""
        return dict(self._database.execute("SELECT key, value FROM meta"))

    def put_meta(self, values: Mapping[str, str]) -> None:
        """Say something of the graph as a whole; other keys stay."""
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def files(self) -> dict[str, FileRow]:
        """Return all files by path, sorted."""
        found = self._database.execute(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY path")
        return {row.path: row._replace(is_test=bool(row.is_test)) for row in map(FileRow._make, found)}

    def put_files(self, rows: Iterable[FileRow]) -> None:
        """Add files, or put new rows in the place of those with the same number."""
        marks = ", ".join("?" * len(FileRow._fields))
        self._database.executemany(f"INSERT OR REPLACE INTO files ({_FILE_COLUMNS}) VALUES ({marks})", rows)

    def remove_files(self, numbers: Iterable[int]) -> None:
        """Remove files with what is stored of them by their number; modules and names go by themselves."""
        gone = [(number,) for number in numbers]
        for table in _BY_FILE:
            self._database.executemany(f"DELETE FROM {table} WHERE file = ?", gone)
        self._database.executemany("DELETE FROM files WHERE id = ?", gone)

    def facts(self, key: str) -> bytes | None:
        """Return packed facts by reader and content."""
        return self._one("SELECT value FROM facts WHERE key = ?", key)

    def put_facts(self, facts: Iterable[tuple[str, bytes]]) -> None:
        """Keep packed facts by reader and content."""
        self._database.executemany("INSERT OR IGNORE INTO facts (key, value) VALUES (?, ?)", facts)

    def prune_facts(self, kept: Iterable[str]) -> None:
        """Remove all facts but these."""
        held = {key for (key,) in self._database.execute("SELECT key FROM facts")}
        self._database.executemany("DELETE FROM facts WHERE key = ?", [(key,) for key in sorted(held - set(kept))])

    def contribution(self, number: int) -> tuple[bytes, bytes, bytes] | None:
        """Return a file's packed modules, names and entries."""
        found = self._database.execute("SELECT modules, names, entries FROM contributions WHERE file = ?", (number,))
        row: tuple[bytes, bytes, bytes] | None = found.fetchone()
        return row

    def contributions(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Yield every file's number with its packed modules, names and entries."""
        yield from self._database.execute("SELECT file, modules, names, entries FROM contributions")

    def entries(self, path: str) -> bytes | None:
        """Return the packed entries of the file at a path."""
        query = "SELECT c.entries FROM contributions c JOIN files f ON f.id = c.file WHERE f.path = ?"
        return self._one(query, path)

    def put_contributions(self, rows: Iterable[tuple[int, bytes, bytes, bytes]]) -> None:
        """Keep files' packed modules, names and entries."""
        self._database.executemany("INSERT OR REPLACE INTO contributions VALUES (?, ?, ?, ?)", rows)

    def module_paths(self, key: str) -> list[str]:
        """Return the paths that a module key finds."""
        query = "SELECT f.path FROM modules m JOIN files f ON f.id = m.file WHERE m.key = ?"
        return [path for (path,) in self._database.execute(query, (key,))]

    def definers(self, name: str) -> list[tuple[str, str]]:
        """Return path and key of the definitions of a simple name."""
        query = "SELECT f.path, n.key FROM names n JOIN files f ON f.id = n.file WHERE n.name = ?"
        return list(self._database.execute(query, (name,)))

    def put_modules(self, added: Iterable[tuple[str, int]], removed: Iterable[tuple[str, int]] = ()) -> None:
        """Change which files module keys find: pairs of key and file."""
        self._database.executemany("DELETE FROM modules WHERE key = ? AND file = ?", removed)
        self._database.executemany("INSERT OR IGNORE INTO modules VALUES (?, ?)", added)

    def put_names(self, added: Iterable[tuple[str, int, str]], removed: Iterable[tuple[str, int, str]] = ()) -> None:
        """Change who defines simple names: name, file and key."""
        self._database.executemany("DELETE FROM names WHERE name = ? AND file = ? AND key = ?", removed)
        self._database.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", added)

    def nodes(self, number: int) -> bytes | None:
        """Return the packed nodes of a file."""
        return self._one("SELECT data FROM nodes WHERE file = ?", number)

    def edges(self, number: int) -> bytes | None:
        """Return the packed edges of a file."""
        return self._one("SELECT data FROM edges WHERE file = ?", number)

    def segments(self) -> Iterator[tuple[str, bytes, bytes | None]]:
        """Yield every file's path with its packed nodes and edges, by path."""
        yield from self._database.execute(
            "SELECT f.path, n.data, e.data FROM files f JOIN nodes n ON n.file = f.id "
            "LEFT JOIN edges e ON e.file = f.id ORDER BY f.path"
        )

    def put_nodes(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keep files' packed nodes."""
        self._database.executemany("INSERT OR REPLACE INTO nodes VALUES (?, ?)", rows)

    def put_edges(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keep files' packed edges."""
        self._database.executemany("INSERT OR REPLACE INTO edges VALUES (?, ?)", rows)

    def lookups(self) -> Iterator[tuple[int, bytes]]:
        """Yield every file's number with the hashes of what it asked for."""
        yield from self._database.execute("SELECT file, hashes FROM lookups ORDER BY file")

    def put_lookups(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keep the hashes of what files asked for."""
        self._database.executemany("INSERT OR REPLACE INTO lookups VALUES (?, ?)", rows)

    def groups(self) -> list[GroupRow]:
        """Return areas and categories with their files."""
        found = self._database.execute("SELECT area, category, paths FROM groups ORDER BY number")
        return [GroupRow(area, category, tuple(ormsgpack.unpackb(paths))) for area, category, paths in found]

    def put_groups(self, groups: Sequence[GroupRow]) -> None:
        """Put these areas and categories in the place of all others."""
        self._database.execute("DELETE FROM groups")
        rows = (
            (number, area, category, ormsgpack.packb(paths)) for number, (area, category, paths) in enumerate(groups)
        )
        self._database.executemany("INSERT INTO groups VALUES (?, ?, ?, ?)", rows)

    def lifts(self) -> dict[str, LiftRow]:
        """Return the features that a model wrote, by content."""
        found = self._database.execute("SELECT content, feature, model FROM lifts ORDER BY content")
        return {row[0]: LiftRow(*row) for row in found}

    def put_lifts(self, rows: Iterable[LiftRow]) -> None:
        """Keep features that a model wrote."""
        self._database.executemany("INSERT OR REPLACE INTO lifts VALUES (?, ?, ?)", rows)

    def blob(self, kind: str, key: str) -> bytes | None:
        """Return what somebody kept beside the graph."""
        return self._one("SELECT value FROM blobs WHERE kind = ? AND key = ?", kind, key)

    def blobs(self, kind: str) -> dict[str, bytes]:
        """Return all that is kept of a kind, by key."""
        return dict(self._database.execute("SELECT key, value FROM blobs WHERE kind = ? ORDER BY key", (kind,)))

    def blob_keys(self, kind: str) -> list[str]:
        """Return the keys of all that is kept of a kind."""
        return [key for (key,) in self._database.execute("SELECT key FROM blobs WHERE kind = ? ORDER BY key", (kind,))]

    def put_blobs(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Keep something beside the graph."""
        rows = [(kind, key, value) for key, value in values.items()]
        self._database.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", rows)

    def remove_blobs(self, kind: str, keys: Iterable[str]) -> None:
        """Remove some of what is kept of a kind."""
        self._database.executemany("DELETE FROM blobs WHERE kind = ? AND key = ?", [(kind, key) for key in keys])

    def _one(self, query: str, *values: object) -> bytes | None:
        row = self._database.execute(query, values).fetchone()
        return None if row is None else row[0]
