"""What all files of a stored graph contribute, and which of them asked for something."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import ormsgpack

from repowright.graph.encode.world import MergedSource, PackedContribution
from repowright.graph.store import FileRow, Store


class StoredSource(NamedTuple):
    """Contributions read from the store as they are asked for: for few files, most are never touched."""

    store: Store

    def entries(self, path: str) -> bytes | None:
        """Packed entries of the file at ``path``."""
        return self.store.entries(path)

    def modules(self, key: str) -> list[str]:
        """Paths of the files that a module key finds."""
        return self.store.module_paths(key)

    def definers(self, name: str) -> list[tuple[str, str]]:
        """``(path, key)`` of the definitions of a simple name."""
        return self.store.definers(name)


def merged_source(store: Store, files: Collection[FileRow]) -> MergedSource:
    """Return all contributions at once, for processes that have no store."""
    paths = {row.number: row.path for row in files}
    merged = MergedSource({}, {}, {})
    for number, modules, names, entries in store.contributions():
        contribution = PackedContribution(ormsgpack.unpackb(modules), ormsgpack.unpackb(names), entries)
        merged.add(paths[number], contribution)
    return merged


def stored_contribution(store: Store, number: int) -> PackedContribution | None:
    """Return what a file contributed when it was last read."""
    row = store.contribution(number)
    if row is None:
        return None
    modules, names, entries = row
    pairs = tuple((name, key) for name, key in ormsgpack.unpackb(names))
    return PackedContribution(tuple(ormsgpack.unpackb(modules)), pairs, entries)


def files_asking(store: Store, keys: Collection[int]) -> set[int]:
    """Return the numbers of the files that asked for one of these keys."""
    wanted = frozenset(keys)
    if not wanted:
        return set()
    # Plain sets: importing an array library costs more than this pass over half a million hashes.
    return {number for number, hashes in store.lookups() if not wanted.isdisjoint(memoryview(hashes).cast("Q"))}
