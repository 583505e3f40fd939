"""What all files contribute, as resolution asks for it; each question is written down."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import ormsgpack
import xxhash

from repowright.graph.encode.contribution import Contribution, Value


class PackedContribution(NamedTuple):
    """A `Contribution` with its entries as bytes, for few of them are asked for at a time."""

    modules: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    entries: bytes


class Source(Protocol):
    """Where a world gets its answers from."""

    def entries(self, path: str) -> bytes | None:
        """Packed entries of the file at ``path``."""

    def modules(self, key: str) -> Iterable[str]:
        """Paths of the files that a module key finds, in any order."""

    def definers(self, name: str) -> Iterable[tuple[str, str]]:
        """``(path, key)`` of the definitions of a simple name, in any order."""


class MergedSource(NamedTuple):
    """All contributions in memory."""

    by_path: dict[str, bytes]
    by_module: dict[str, list[str]]
    by_name: dict[str, list[tuple[str, str]]]

    def add(self, path: str, contribution: PackedContribution) -> None:
        """Add what the file at ``path`` contributes."""
        self.by_path[path] = contribution.entries
        for key in contribution.modules:
            self.by_module.setdefault(key, []).append(path)
        for name, key in contribution.names:
            self.by_name.setdefault(name, []).append((path, key))

    def entries(self, path: str) -> bytes | None:
        """Packed entries of the file at ``path``."""
        return self.by_path.get(path)

    def modules(self, key: str) -> Iterable[str]:
        """Paths of the files that a module key finds."""
        return self.by_module.get(key, ())

    def definers(self, name: str) -> Iterable[tuple[str, str]]:
        """``(path, key)`` of the definitions of a simple name."""
        return self.by_name.get(name, ())


class RecordingWorld:
    """A `World` that remembers answers, and which of them the file at work has asked for.

    Parameters
    ----------
    own
        Entries that are at hand, by path; the source is asked for all others.
    """

    def __init__(self, source: Source, own: Mapping[str, Mapping[str, Value]]) -> None:
        self._source, self._own = source, own
        self._raw: dict[str, dict[str, Iterable[object]]] = {}
        # Each answer with the hash of its question: several files ask most of them.
        self._entries: dict[tuple[str, str], tuple[Value | None, int]] = {}
        self._modules: dict[str, tuple[tuple[str, ...], int]] = {}
        self._definers: dict[str, tuple[tuple[tuple[str, str], ...], int]] = {}
        self._asked: set[int] = set()

    def entry(self, path: str, key: str) -> Value | None:
        """What the file at ``path`` contributes under this key."""
        at = (path, key)
        found = self._entries.get(at)
        if found is None:
            found = self._entries[at] = self._looked_up(path, key), entry_hash(at)
        self._asked.add(found[1])
        return found[0]

    def modules(self, key: str) -> tuple[str, ...]:
        """Sorted paths of the files that a module key finds."""
        found = self._modules.get(key)
        if found is None:
            found = self._modules[key] = tuple(sorted(set(self._source.modules(key)))), module_hash(key)
        self._asked.add(found[1])
        return found[0]

    def definers(self, name: str) -> tuple[tuple[str, str], ...]:
        """Sorted ``(path, key)`` of all definitions of a simple name."""
        found = self._definers.get(name)
        if found is None:
            places = sorted({(path, key) for path, key in self._source.definers(name)})
            found = self._definers[name] = tuple(places), name_hash(name)
        self._asked.add(found[1])
        return found[0]

    def take_lookups(self) -> bytes:
        """Return the hashes of all keys asked for since the last call, sorted, as 64-bit integers."""
        asked, self._asked = self._asked, set()
        return array("Q", sorted(asked)).tobytes()

    def _looked_up(self, path: str, key: str) -> Value | None:
        own = self._own.get(path)
        if own is not None:
            return own.get(key)
        raw = self._raw.get(path)
        if raw is None:
            packed = self._source.entries(path)
            raw = self._raw[path] = {} if packed is None else ormsgpack.unpackb(packed)
        found = raw.get(key)
        return None if found is None else _frozen(found)


def pack_contribution(contribution: Contribution) -> PackedContribution:
    """Return the contribution in the form it is kept and sent in."""
    modules = tuple(sorted(set(contribution.modules)))
    names = tuple(sorted(set(contribution.names)))
    return PackedContribution(modules, names, ormsgpack.packb(contribution.entries))


def changed_keys(path: str, old: PackedContribution | None, new: PackedContribution | None) -> set[int]:
    """Return the hashes of all keys whose answers differ once a file contributes something else."""
    if old == new:
        return set()
    before: dict[str, object] = ormsgpack.unpackb(old.entries) if old else {}
    after: dict[str, object] = ormsgpack.unpackb(new.entries) if new else {}
    differing = (key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    found = {entry_hash((path, key)) for key in differing}
    modules = set(old.modules if old else ()) ^ set(new.modules if new else ())
    found.update(map(module_hash, modules))
    # Pairs may come back from storage as lists.
    pairs = {(name, key) for name, key in (old.names if old else ())} ^ {
        (name, key) for name, key in (new.names if new else ())
    }
    found.update(name_hash(name) for name, _ in pairs)
    return found


def entry_hash(at: tuple[str, str]) -> int:
    """Return the hash of a question for an entry, the same in every process."""
    return xxhash.xxh3_64_intdigest(f"e{at[0]}\0{at[1]}".encode())


def module_hash(key: str) -> int:
    """Return the hash of a question for the files of a module."""
    return xxhash.xxh3_64_intdigest(f"m{key}".encode())


def name_hash(name: str) -> int:
    """Return the hash of a question for the definers of a name."""
    return xxhash.xxh3_64_intdigest(f"n{name}".encode())


def _frozen(value: Iterable[object]) -> Value:
    return tuple([each if not isinstance(each, list) else _frozen(each) if each else () for each in value])
