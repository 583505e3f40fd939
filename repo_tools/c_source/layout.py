"""Sizes, alignments and offsets of types on 64-bit Linux (System V ABI, x86-64 and AArch64 where they agree)."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.repo_tools.c_source.c_types import (
    Array,
    Basic,
    CType,
    Field,
    FunctionType,
    Pointer,
    Record,
    Tagged,
    Vector,
)
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.numbers import WIDTHS
from repowright.repo_tools.c_source.symbols import Symbols

_OTHER_SIZES = {
    "float": 4,
    "double": 8,
    "long double": 16,
    "__int128": 16,
    "unsigned __int128": 16,
    "__float128": 16,
}
_POINTER = 8
_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes that a type takes, and what its address is a multiple of."""

    size: int
    align: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A member, or a run of bit fields, and where it lies.

    Parameters
    ----------
    fields
        One member, or all bit fields that share the bytes.
    offset, size
        Bytes.
    """

    fields: tuple[Field, ...]
    offset: int
    size: int

    @property
    def is_bits(self) -> bool:
        """Whether bit fields lie there."""
        return self.fields[0].bits is not None


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """Where the members of a struct or union lie."""

    extent: Extent
    placed: tuple[Placed, ...]


def extent_of(kind: CType, symbols: Symbols, depth: int = 0) -> Extent:
    """Return size and alignment of a type.

    Raises
    ------
    NotConstant
        If the type is incomplete, or its size cannot be proved.
    """
    kind = symbols.resolved(kind)
    if depth > _DEPTH:
        raise NotConstant("a type that contains itself")
    if isinstance(kind, Basic):
        return _basic(kind.name)
    if isinstance(kind, Pointer):
        return Extent(_POINTER, _POINTER)
    if isinstance(kind, Array):
        if kind.unproved:
            raise NotConstant("the length of an array is not known")
        element = extent_of(kind.element, symbols, depth + 1)
        return Extent(element.size * (kind.length or 0), element.align)
    if isinstance(kind, Vector):
        return Extent(kind.size, kind.size)
    if isinstance(kind, Tagged) and kind.kind == "enum":
        return Extent(4, 4)
    record = symbols.record(kind)
    if record is None:
        what = "a function" if isinstance(kind, FunctionType) else getattr(kind, "key", getattr(kind, "name", "a type"))
        raise NotConstant(f"the size of {what} is not known")
    return layout_of(record, symbols, depth + 1).extent


def _basic(name: str) -> Extent:
    size = _OTHER_SIZES.get(name) or (1 if name == "_Bool" else WIDTHS.get(name, 0) // 8)
    if not size:
        raise NotConstant(f"{name} has no size")
    return Extent(size, size)


def layout_of(record: Record, symbols: Symbols, depth: int = 0) -> RecordLayout:
    """Return where the members of a record lie.

    Raises
    ------
    NotConstant
        If the size of a member cannot be proved.
    """
    laying = _Laying(record, symbols, depth)
    for each in record.fields:
        laying.place(each)
    return laying.done()


class _Laying:
    """Lays member after member; positions are bits."""

    def __init__(self, record: Record, symbols: Symbols, depth: int) -> None:
        self._record = record
        self._symbols = symbols
        self._depth = depth
        self._bit = 0
        self._end = 0
        self._align = record.align or 1
        self._placed: list[Placed] = []
        self._run: list[tuple[Field, int]] = []

    def place(self, each: Field) -> None:
        extent = extent_of(each.type, self._symbols, self._depth)
        align = max(min(extent.align, self._record.pack or extent.align), each.align or 1)
        align = min(align, self._record.limit or align)
        if self._record.kind == "union":
            self._bit = 0
        if each.bits is None:
            self._member(each, extent.size, align)
        else:
            self._bits(each, each.bits, extent, align)
        self._end = max(self._end, self._bit)
        if self._record.kind == "union":
            self._close()

    def _member(self, each: Field, size: int, align: int) -> None:
        self._close()
        offset = -(-self._bit // (8 * align)) * align
        self._placed.append(Placed((each,), offset, size))
        self._bit = 8 * (offset + size)
        self._align = max(self._align, align)

    def _bits(self, each: Field, width: int, extent: Extent, align: int) -> None:
        if width == 0:
            # Packing leaves what a nameless field of no bits does as it is.
            self._bit = -(-self._bit // (8 * extent.align)) * 8 * extent.align
            return
        if self._record.pack is None and self._bit % (8 * align) + width > 8 * extent.size:
            self._bit = -(-self._bit // (8 * align)) * 8 * align
        self._run.append((each, self._bit))
        self._bit += width
        if each.name:
            self._align = max(self._align, align)

    def _close(self) -> None:
        """End a run of bit fields: they take the bytes from the first one's on."""
        if not self._run:
            return
        start = self._run[0][1] // 8
        last, at = self._run[-1]
        end = -(-(at + (last.bits or 0)) // 8)
        self._placed.append(Placed(tuple(each for each, _ in self._run), start, end - start))
        self._run = []

    def done(self) -> RecordLayout:
        self._close()
        size = -(-self._end // 8)
        return RecordLayout(Extent(-(-size // self._align) * self._align, self._align), tuple(self._placed))
