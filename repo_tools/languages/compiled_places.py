"""Definitions with their parents, from the places a query found; which definition an offset lies in."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from repowright.repo_tools.facts import MODULE, Definition, DefinitionKind
from repowright.repo_tools.languages.compiled_source import LeadingText, SourceText

_TYPES = frozenset({"class", "interface", "trait", "struct", "union", "enum", "typedef"})


class Place(NamedTuple):
    """Where something is defined.

    Parameters
    ----------
    kind
        `None` for what only surrounds: the methods of a type that stands elsewhere.
    start, end
        Its bytes.
    signature
        One line.
    decorators
        Those that do not stand above it.
    """

    kind: DefinitionKind | None
    name: str
    start: int
    end: int
    signature: str = ""
    decorators: tuple[str, ...] = ()
    doc: str = ""


def _outer_first(span: tuple[int, int, int]) -> tuple[int, int]:
    return span[0], -span[1]


class ScopeMap:
    """Innermost of nested spans by offset.

    Parameters
    ----------
    spans
        First byte, byte after the last, and the index that lies there.
    """

    def __init__(self, spans: Iterable[tuple[int, int, int]]) -> None:
        self._offsets = offsets = [0]
        self._indices = indices = [MODULE]
        around: list[tuple[int, int]] = [(sys.maxsize, MODULE)]
        for start, end, index in sorted(spans, key=_outer_first):
            while around[-1][0] <= start:
                offsets.append(max(around.pop()[0], offsets[-1]))
                indices.append(around[-1][1])
            offsets.append(max(start, offsets[-1]))
            indices.append(index)
            around.append((end, index))
        while len(around) > 1:
            offsets.append(max(around.pop()[0], offsets[-1]))
            indices.append(around[-1][1])

    def at(self, offset: int) -> int:
        """Index at an offset, or `MODULE`."""
        return self._indices[bisect_right(self._offsets, offset) - 1]


class Outline(NamedTuple):
    """Definitions of a file, and the bytes each spans."""

    definitions: tuple[Definition, ...]
    spans: tuple[tuple[int, int, int], ...]

    def scopes(self) -> ScopeMap:
        """The innermost definition by offset."""
        return ScopeMap(self.spans)

    def index_at(self) -> dict[int, int]:
        """Index of a definition by its first byte, and of the type by the first byte of a block of its methods."""
        return {start: index for start, _, index in self.spans if index != MODULE}

    @property
    def first_line(self) -> int:
        """Line the first definition begins on, or 0."""
        return self.definitions[0].span[0] if self.definitions else 0


class _Nested(NamedTuple):
    place: Place
    qualname: str
    around: int


def outline_of(source: SourceText, places: Iterable[Place], leading: LeadingText, conditions: ScopeMap) -> Outline:
    """Definitions in source order; a place that only surrounds passes its type on to what it holds."""
    nested = _nest(sorted(places, key=lambda place: (place.start, -place.end, place.kind is not None)))
    indices: list[int] = []
    types: dict[str, int] = {}
    count = 0
    for entry in nested:
        indices.append(MODULE if entry.place.kind is None else count)
        count += entry.place.kind is not None
        if entry.place.kind in _TYPES:
            types.setdefault(entry.qualname, indices[-1])
    for position, entry in enumerate(nested):
        if entry.place.kind is None:
            indices[position] = types.get(entry.qualname, MODULE)
    definitions = tuple(
        _definition(source, entry, indices[entry.around] if entry.around >= 0 else MODULE, leading, conditions)
        for entry in nested
        if entry.place.kind is not None
    )
    spans = tuple((entry.place.start, entry.place.end, index) for entry, index in zip(nested, indices, strict=True))
    return Outline(definitions, spans)


def _nest(places: list[Place]) -> list[_Nested]:
    nested: list[_Nested] = []
    around: list[int] = []
    for place in places:
        while around and nested[around[-1]].place.end <= place.start:
            around.pop()
        outer = around[-1] if around else -1
        qualname = f"{nested[outer].qualname}.{place.name}" if around else place.name
        nested.append(_Nested(place, qualname, outer))
        around.append(len(nested) - 1)
    return nested


def _definition(
    source: SourceText, entry: _Nested, parent: int, leading: LeadingText, conditions: ScopeMap
) -> Definition:
    place = entry.place
    above = leading.above(place.start)
    last = max(place.start, place.end - 1)
    return Definition(
        kind=place.kind or "function",
        name=place.name,
        qualname=entry.qualname,
        span=(source.line(above.start), source.line(last)),
        signature=place.signature,
        doc=above.doc or place.doc,
        decorators=(*(text.removeprefix("#[").removesuffix("]") for text in above.attributes), *place.decorators),
        parent=parent,
        conditional=conditions.at(place.start) != MODULE,
    )
