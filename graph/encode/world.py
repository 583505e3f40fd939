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

    by_path: Mapping[str, bytes]
    by_module: Mapping[str, Iterable[str]]
    by_name: Mapping[str, Iterable[tuple[str, str]]]

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
    """A `World` that remembers answers, and which of them the file at work has asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._raw: dict[str, dict[str, Iterable[object]]] = {}
        self._entries: dict[tuple[str, str], Value | None] = {}
        self._modules: dict[str, tuple[str, ...]] = {}
        self._definers: dict[str, tuple[tuple[str, str], ...]] = {}
        self._hashes = _EntryHashes()
        self._asked_entries: set[tuple[str, str]] = set()
        self._asked_modules: set[str] = set()
        self._asked_names: set[str] = set()

    def entry(self, path: str, key: str) -> Value | None:
        """What the file at ``path`` contributes under this key."""
        at = (path, key)
        self._asked_entries.add(at)
        try:
            return self._entries[at]
        except KeyError:
            return self._entries.setdefault(at, self._looked_up(path, key))

    def modules(self, key: str) -> tuple[str, ...]:
        """Sorted paths of the files that a module key finds."""
        self._asked_modules.add(key)
        try:
            return self._modules[key]
        except KeyError:
            return self._modules.setdefault(key, tuple(sorted(set(self._source.modules(key)))))

    def definers(self, name: str) -> tuple[tuple[str, str], ...]:
        """Sorted ``(path, key)`` of all definitions of a simple name."""
        self._asked_names.add(name)
        try:
            return self._definers[name]
        except KeyError:
            found = sorted({(path, key) for path, key in self._source.definers(name)})
            return self._definers.setdefault(name, tuple(found))

    def take_lookups(self) -> bytes:
        """Return the hashes of all keys asked for since the last call, sorted, as 64-bit integers."""
        found = set(map(self._hashes.__getitem__, self._asked_entries))
        found.update(map(module_hash, self._asked_modules))
        found.update(map(name_hash, self._asked_names))
        self._asked_entries, self._asked_modules, self._asked_names = set(), set(), set()
        return array("Q", sorted(found)).tobytes()

    def _looked_up(self, path: str, key: str) -> Value | None:
        raw = self._raw.get(path)
        if raw is None:
            packed = self._source.entries(path)
            raw = self._raw[path] = {} if packed is None else ormsgpack.unpackb(packed)
        found = raw.get(key)
        return None if found is None else _frozen(found)


class _EntryHashes(dict[tuple[str, str], int]):
    """Hashes of questions for entries; several files ask most of them."""

    def __missing__(self, at: tuple[str, str]) -> int:
        found = self[at] = entry_hash(at)
        return found


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
