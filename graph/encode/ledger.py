"""Writes what comes of files into the store as it comes, and keeps count of what that changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import ormsgpack

from repowright.graph.encode.contribution import file_id
from repowright.graph.encode.file_work import ReadFile, ResolvedFile
from repowright.graph.encode.plan import stamped
from repowright.graph.encode.stored_world import stored_contribution
from repowright.graph.encode.tally import Tally, edges_by_ends, nodes_by_id
from repowright.graph.encode.world import PackedContribution, changed_keys
from repowright.graph.store import FileRow, Store
from repowright.repo_tools.snapshot import FileEntry

_BATCH = 256
_NOTHING = PackedContribution((), (), b"\x80")


class _Pending(NamedTuple):
    """Rows on their way to the store: many at once cost less."""

    files: list[FileRow]
    contributions: list[tuple[int, bytes, bytes, bytes]]
    nodes: list[tuple[int, bytes]]
    facts: list[tuple[str, bytes]]
    edges: list[tuple[int, bytes]]
    lookups: list[tuple[int, bytes]]


class Ledger:
    """The stored files as they become.

    Parameters
    ----------
    files
        The stored files by path; it is changed as files come and go.
    listed
        The snapshot's entries by path.
    """

    def __init__(self, store: Store, files: dict[str, FileRow], listed: Mapping[str, FileEntry]) -> None:
        self.files = files
        self.nodes = Tally()
        self.edges = Tally()
        self.changed: set[int] = set()
        self.outline_changed = False
        self._store = store
        self._listed = listed
        self._was_empty = not files
        self._next = max((row.number for row in files.values()), default=0) + 1
        self._modules: list[tuple[str, int]] = []
        self._names: list[tuple[str, int, str]] = []
        self._path_of: dict[str, str] = {}
        self._pending = _Pending([], [], [], [], [], [])

    def remove(self, rows: Iterable[FileRow]) -> None:
        """Take files out of the graph."""
        for row in rows:
            self._exchange(row, stored_contribution(self._store, row.number), None)
            self.nodes.compare(nodes_by_id(self._store.nodes(row.number)), {})
            self.edges.compare(edges_by_ends(self._store.edges(row.number)), {})
            self._store.remove_files([row.number])
            del self.files[row.path]
            self.outline_changed = True

    def take_read(self, outcome: ReadFile, reader: str) -> None:
        """Take in a file that was read; call `finish_reading` after the last."""
        old = self.files.get(outcome.path)
        row = self._row(outcome, reader, old)
        self.files[outcome.path] = row
        before = None
        if old is None:
            self.nodes.added += outcome.node_count
            self.outline_changed = True
        else:
            before = stored_contribution(self._store, row.number)
            self.nodes.compare(nodes_by_id(self._store.nodes(row.number)), nodes_by_id(outcome.nodes))
            self.outline_changed |= old.is_test != row.is_test
        self._exchange(row, before, outcome.contribution)
        self._write_read(row, outcome)

    def finish_reading(self, *, asked: bool) -> None:
        """Write what was read; resolution may begin.

        Parameters
        ----------
        asked
            Whether resolution will ask the store who defines what; else that is written while others resolve.
        """
        self._flush()
        if asked:
            self.write_index()
        self._path_of = {file_id(path): path for path in self.files}

    def write_index(self) -> None:
        """Write which files module keys find, and who defines simple names."""
        self._store.put_modules(sorted(self._modules))
        self._store.put_names(sorted(self._names))
        self._modules, self._names = [], []

    def take_resolved(self, outcome: ResolvedFile) -> None:
        """Take in a file that was resolved; call `finish_resolving` after the last."""
        row = self.files[outcome.path]
        if self._was_empty:
            self.edges.added += outcome.edge_count
        else:
            before = self._store.edges(row.number)
            if before != outcome.edges:
                self.edges.compare(edges_by_ends(before), edges_by_ends(outcome.edges))
        self._pending.edges.append((row.number, outcome.edges))
        self._pending.lookups.append((row.number, outcome.lookups))
        imported = sorted(self._path_of[each] for each in outcome.imported if each in self._path_of)
        imports = ormsgpack.packb(imported) if imported else b""
        error = "\n".join([row.error.partition("\n")[0], *([outcome.error] if outcome.error else [])])
        if (imports, error) != (row.imports, row.error):
            self.outline_changed |= imports != row.imports
            self.files[outcome.path] = row._replace(imports=imports, error=error)
            self._pending.files.append(self.files[outcome.path])
        if len(self._pending.edges) >= _BATCH:
            self._flush()

    def finish_resolving(self) -> None:
        """Write what is left."""
        self._flush()

    def _row(self, outcome: ReadFile, reader: str, old: FileRow | None) -> FileRow:
        number = old.number if old else self._next
        self._next += old is None
        imports, entry = old.imports if old else b"", self._listed[outcome.path]
        error = " ".join(outcome.error.split())
        row = FileRow(number, outcome.path, outcome.content, reader, None, None, None, outcome.is_test, error, imports)
        return stamped(row, entry.stamp) if entry.content in ("", outcome.content) else row

    def _write_read(self, row: FileRow, outcome: ReadFile) -> None:
        pending, contribution = self._pending, outcome.contribution
        packed = ormsgpack.packb(contribution.modules), ormsgpack.packb(contribution.names), contribution.entries
        pending.files.append(row)
        pending.contributions.append((row.number, *packed))
        pending.nodes.append((row.number, outcome.nodes))
        if outcome.parsed:
            pending.facts.append((facts_key(row), outcome.facts))
        if len(pending.files) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        pending, store = self._pending, self._store
        self._pending = _Pending([], [], [], [], [], [])
        store.put_files(pending.files)
        store.put_contributions(pending.contributions)
        store.put_nodes(pending.nodes)
        store.put_facts(pending.facts)
        store.put_edges(pending.edges)
        store.put_lookups(pending.lookups)

    def _exchange(self, row: FileRow, old: PackedContribution | None, new: PackedContribution | None) -> None:
        """Put a file's new contribution in the place of its old one, and note which answers change by that."""
        before, after = old or _NOTHING, new or _NOTHING
        if not self._was_empty:
            self.changed |= changed_keys(row.path, before, after)
        number = row.number
        if old is not None:
            modules = set(before.modules) - set(after.modules)
            names = set(before.names) - set(after.names)
            self._store.put_modules((), ((key, number) for key in modules))
            self._store.put_names((), ((name, number, key) for name, key in names))
        self._modules.extend((key, number) for key in after.modules)
        self._names.extend((name, number, key) for name, key in after.names)


def facts_key(row: FileRow) -> str:
    """Return what a file's facts are stored by."""
    return f"{row.reader}:{row.content}"
