"""The names that one preprocessed file declares outside functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from repowright.repo_tools.c_source.c_types import (
    Array,
    CType,
    Enumeration,
    FunctionType,
    Named,
    Pointer,
    Record,
    Typedef,
    Unreadable,
)

_TYPEDEF_DEPTH = 64


@dataclass
class Symbols:
    """Types and enumerators by name, as far as a reader has come."""

    typedefs: dict[str, Typedef] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    """By kind and key: ``struct list``."""
    enums: dict[str, Enumeration] = field(default_factory=dict)
    enumerators: dict[str, int | None] = field(default_factory=dict)
    enumerator_owner: dict[str, str] = field(default_factory=dict)
    """Key of the enum that each enumerator belongs to."""

    places: set[str] = field(default_factory=set)
    """Keys of types without a tag."""

    def inner(self) -> Symbols:
        """A copy for the inside of a function, where names may come to mean something else."""
        return Symbols(
            dict(self.typedefs),
            dict(self.records),
            dict(self.enums),
            dict(self.enumerators),
            dict(self.enumerator_owner),
            set(self.places),
        )

    def resolved(self, kind: CType) -> CType:
        """Follow typedefs to what they stand for; an unknown name is left as it is."""
        for _ in range(_TYPEDEF_DEPTH):
            if not isinstance(kind, Named) or kind.name not in self.typedefs:
                return kind
            kind = self.typedefs[kind.name].type
        return Unreadable("a typedef that never ends")

    def record(self, kind: CType) -> Record | None:
        """The definition of a struct or union, if the file has one."""
        kind = self.resolved(kind)
        key = getattr(kind, "key", None)
        return self.records.get(f"{getattr(kind, 'kind', '')} {key}") if key is not None else None

    def decayed(self, kind: CType) -> CType:
        """What a parameter of this type becomes: arrays and functions are passed as pointers."""
        seen = self.resolved(kind)
        if isinstance(seen, Array):
            return Pointer(seen.element)
        return Pointer(kind) if isinstance(seen, FunctionType) else kind
