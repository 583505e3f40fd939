"""All types of a project, each once: units that include one header share what it defines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.skeleton.names import SUPPORT_NAMES, free, type_name
from repowright.repo_tools.c_source.c_types import (
    Array,
    CType,
    Enumeration,
    Named,
    Record,
    Tagged,
    Typedef,
    Vector,
    mentioned,
)
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

STANDARD = {
    "int8_t": "i8",
    "int16_t": "i16",
    "int32_t": "i32",
    "int64_t": "i64",
    "uint8_t": "u8",
    "uint16_t": "u16",
    "uint32_t": "u32",
    "uint64_t": "u64",
    "size_t": "usize",
    "ssize_t": "isize",
    "ptrdiff_t": "isize",
    "intptr_t": "isize",
    "uintptr_t": "usize",
}
"""Names of the system's headers that Rust has words for."""

Identity = tuple[str, str, str]
"""Kind, name in C, and what the definition says: two units mean the same type where all three agree."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of the project.

    Parameters
    ----------
    definition
        `None` where no unit defines it.
    unit
        The first unit that has it: what its names mean is looked up there.
    """

    identity: Identity
    definition: Record | Enumeration | Typedef | None
    unit: TranslationUnit


class Catalogue:
    """Every type reachable from what a project defines, with its Rust name.

    Parameters
    ----------
    units
        In order; the first that has a type gives its definition.
    """

    def __init__(self, units: Sequence[TranslationUnit]) -> None:
        self._complete = _complete(units)
        self._prints: dict[tuple[str, Identity], str] = {}
        self._identities: dict[tuple[str, Named | Tagged], Identity] = {}
        self.entries: dict[Identity, Entry] = {}
        self.names: dict[Identity, str] = {}
        for unit in units:
            for kind in _roots(unit):
                self._reach(unit, kind)
        self._give_names()

    def name(self, unit: TranslationUnit, kind: Named | Tagged) -> str:
        """The Rust name of a type that a unit mentions."""
        return self.names[self.identity(unit, kind)]

    def identity(self, unit: TranslationUnit, kind: Named | Tagged) -> Identity:
        """Which type a unit means."""
        key = (unit.path, kind)
        if key not in self._identities:
            self._identities[key] = self._identified(unit, kind)
        return self._identities[key]

    def _identified(self, unit: TranslationUnit, kind: Named | Tagged) -> Identity:
        if isinstance(kind, Named):
            found = unit.symbols.typedefs.get(kind.name)
            says = "" if found is None else self._says(unit, ("typedef", kind.name, repr(found.type)), found.type)
            return ("typedef", kind.name, says)
        if kind.kind == "enum":
            enum = unit.symbols.enums.get(kind.key)
            return ("enum", kind.key, enum.text if enum else "")
        record = unit.symbols.records.get(f"{kind.kind} {kind.key}")
        if record is None:
            known = self._complete.get((kind.kind, kind.key), ())
            if len(known) != 1:
                return (kind.kind, kind.key, "")
            unit, record = known[0]
        says = self._says(unit, (kind.kind, kind.key, record.text), *(each.type for each in record.fields))
        return (kind.kind, kind.key, says)

    def _says(self, unit: TranslationUnit, base: Identity, *inside: CType) -> str:
        """A definition's own text and that of every type it holds by value."""
        key = (unit.path, base)
        if key not in self._prints:
            self._prints[key] = base[2]  # what contains itself through a pointer ends here
            held = {self.identity(unit, each)[2] for kind in inside for each in _held(kind)}
            self._prints[key] = " | ".join([base[2], *sorted(held)])
        return self._prints[key]

    def _reach(self, unit: TranslationUnit, kind: CType) -> None:
        waiting = [(unit, kind)]
        while waiting:
            where, each = waiting.pop()
            for named in mentioned(each):
                identity = self.identity(where, named)
                if identity in self.entries:
                    continue
                entry = self._entry(where, named, identity)
                self.entries[identity] = entry
                waiting += [(entry.unit, inner) for inner in _inside(entry.definition)]

    def _entry(self, unit: TranslationUnit, kind: Named | Tagged, identity: Identity) -> Entry:
        if isinstance(kind, Named):
            return Entry(identity, unit.symbols.typedefs.get(kind.name), unit)
        if kind.kind == "enum":
            return Entry(identity, unit.symbols.enums.get(kind.key), unit)
        record = unit.symbols.records.get(f"{kind.kind} {kind.key}")
        if record is None and identity[2]:
            unit, record = self._complete[kind.kind, kind.key][0]
        return Entry(identity, record, unit)

    def _give_names(self) -> None:
        """Typedefs get their names first, then tags; a record without a tag takes its typedef's."""
        taken: set[str] = set(SUPPORT_NAMES)
        ordered = sorted(self.entries.values(), key=_precedence)
        self._merge_typedefs(ordered)
        for entry in ordered:
            identity = entry.identity
            if identity in self.names:
                continue
            wanted = type_name(_readable(identity))
            if wanted in taken and identity[0] != "typedef":
                wanted = f"{identity[0]}_{wanted.removeprefix('r#')}"
            self.names[identity] = name = free(wanted, taken)
            taken.add(name)
            self._share(entry, name)

    def _merge_typedefs(self, ordered: Iterable[Entry]) -> None:
        """Note which record each typedef stands for directly: ``typedef struct list list``."""
        self.merged: dict[Identity, Identity] = {}
        owners: set[Identity] = set()
        for entry in ordered:
            target = entry.definition.type if isinstance(entry.definition, Typedef) else None
            if isinstance(target, Tagged):
                identity = self.identity(entry.unit, target)
                same = target.key.startswith("@") or target.key == entry.identity[1]
                if same and identity not in owners:
                    self.merged[entry.identity] = identity
                    owners.add(identity)

    def _share(self, entry: Entry, name: str) -> None:
        target = self.merged.get(entry.identity)
        if target is not None:
            self.names[target] = name


def _complete(units: Sequence[TranslationUnit]) -> dict[tuple[str, str], tuple[tuple[TranslationUnit, Record], ...]]:
    """Definitions of each tag that differ in text, each with the first unit that has it."""
    found: dict[tuple[str, str], dict[str, tuple[TranslationUnit, Record]]] = {}
    for unit in units:
        for record in unit.symbols.records.values():
            if record.site.is_project:
                found.setdefault((record.kind, record.key), {}).setdefault(record.text, (unit, record))
    return {key: tuple(each.values()) for key, each in found.items()}


def _roots(unit: TranslationUnit) -> Iterator[CType]:
    for function in unit.functions:
        yield function.type
    for variable in unit.variables:
        yield variable.type
    for typedef in unit.symbols.typedefs.values():
        if typedef.site.is_project:
            yield Named(typedef.name)
    for record in unit.symbols.records.values():
        if record.site.is_project:
            yield record.type
    for enum in unit.symbols.enums.values():
        if enum.site.is_project:
            yield enum.type


def _inside(definition: Record | Enumeration | Typedef | None) -> list[CType]:
    if isinstance(definition, Record):
        return [each.type for each in definition.fields]
    return [definition.type] if isinstance(definition, Typedef) else []


def _held(kind: CType) -> Iterator[Named | Tagged]:
    """Named types that a type holds by value, and typedefs even behind pointers."""
    for each in mentioned(kind):
        if isinstance(each, Named) or _by_value(kind):
            yield each


def _by_value(kind: CType) -> bool:
    while isinstance(kind, Array | Vector):
        kind = kind.element
    return isinstance(kind, Tagged)


def _precedence(entry: Entry) -> tuple[int, int, Identity]:
    own = getattr(getattr(entry.definition, "site", None), "is_project", False)
    return (0 if own else 1, 0 if entry.identity[0] == "typedef" else 1, entry.identity)


def _readable(identity: Identity) -> str:
    """A name for a type; one without a tag is called after the place it stands at."""
    name = identity[1]
    if not name.startswith("@"):
        return name
    path, _, line = name[1:].rpartition(":")
    stem = path.rpartition("/")[2].replace(".", "_")
    return f"{identity[0]}_{stem}_{line.replace('#', '_')}"
