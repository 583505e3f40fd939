"""How a file is cut into units: functions, classes without their methods, and the rest, which is the module.

A nested function belongs to the outermost one around it. Every line belongs to exactly one unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from repowright.repo_tools.facts import MODULE, Definition, FileFacts

UnitKind = int
MODULE_UNIT, CLASS_UNIT, FUNCTION_UNIT = 0, 1, 2

_FUNCTIONS = frozenset({"function", "method"})
_TYPES = frozenset({"class", "interface", "trait", "struct", "union", "enum", "namespace"})


class Unit(NamedTuple):
    """One piece of a file.

    Parameters
    ----------
    first, last
        Lines, 1-based and inclusive, of the first definition of this name.
    lines
        Lines that belong to it alone.
    flags
        Bits: see `HAS_DOC` and its neighbours.
    decorators
        Names of its decorators, without arguments.
    bases
        Bases of a class, as written.
    """

    kind: UnitKind
    qualname: str
    first: int
    last: int
    lines: int
    flags: int
    decorators: tuple[str, ...]
    bases: tuple[str, ...]


HAS_DOC, CONDITIONAL, NESTS = 1, 2, 4


class UnitCut:
    """Which unit each definition and each line belongs to."""

    def __init__(self, facts: FileFacts, length: int) -> None:
        definitions = facts.definitions
        self.units = [Unit(MODULE_UNIT, "", 1, max(length, 1), 0, int(bool(facts.docstring)), (), ())]
        self.docs = [facts.docstring]
        self.signatures = [""]
        self._unit_of: list[int] = []
        self._spans: list[tuple[int, int, int]] = []
        known: dict[tuple[int, str], int] = {}
        for definition in definitions:
            self._unit_of.append(self._place(definition, definitions, known))
        self._add_bases(facts)
        self._owner = [0] * (length + 2)
        for first, last, number in self._spans:
            last = min(last, length)
            self._owner[first : last + 1] = [number] * (last + 1 - first)

    def unit_of(self, scope: int) -> int:
        """Unit of a definition by its index."""
        return 0 if scope == MODULE else self._unit_of[scope]

    def _place(self, definition: Definition, above: Sequence[Definition], known: dict[tuple[int, str], int]) -> int:
        parent = self.unit_of(definition.parent)
        if self.units[parent].kind == FUNCTION_UNIT:
            self.units[parent] = self.units[parent]._replace(flags=self.units[parent].flags | NESTS)
            return parent
        kind = FUNCTION_UNIT if definition.kind in _FUNCTIONS else CLASS_UNIT if definition.kind in _TYPES else None
        if kind is None:
            return parent
        number = known.setdefault((kind, definition.qualname), len(self.units))
        if number == len(self.units):
            flags = HAS_DOC * bool(definition.doc) | CONDITIONAL * definition.conditional
            first, last = definition.span
            names = tuple(decorator.partition("(")[0] for decorator in definition.decorators)
            self.units.append(Unit(kind, definition.qualname, first, last, 0, flags, names, ()))
            self.docs.append(definition.doc)
            self.signatures.append(definition.signature)
        else:
            self.docs[number] += "\n" + definition.doc
        self._spans.append((*definition.span, number))
        return number

    def _add_bases(self, facts: FileFacts) -> None:
        for inheritance in facts.inheritances:
            number = self.unit_of(inheritance.scope)
            if self.units[number].kind == CLASS_UNIT:
                unit = self.units[number]
                self.units[number] = unit._replace(bases=(*unit.bases, inheritance.base))

    def texts(self, lines: Sequence[str]) -> Iterator[str]:
        """Text of each unit, in their order."""
        kept: list[list[str]] = [[] for _ in self.units]
        for number, line in zip(self._owner[1:], lines, strict=False):
            kept[number].append(line)
        for number, own in enumerate(kept):
            self.units[number] = self.units[number]._replace(lines=len(own))
            yield "\n".join(own)
