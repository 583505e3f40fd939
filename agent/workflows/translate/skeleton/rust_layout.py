"""Whether Rust lays a record out as C does, when its members are written one by one."""

from __future__ import annotations

from repowright.repo_tools.c_source.c_types import Array, Basic, CType, Record, Vector
from repowright.repo_tools.c_source.layout import RecordLayout, extent_of
from repowright.repo_tools.c_source.symbols import Symbols

_ALIGNED = frozenset({"long double", "__float128"})


def fits_rust(record: Record, layout: RecordLayout, symbols: Symbols) -> bool:
    """Tell whether Rust would place every member where C does, and give the whole the same size.

    A packed record may hold none that asks for its own alignment; what C aligns singly, Rust cannot.
    """
    if record.pack is not None and (record.align or any(_is_aligned(each.type, symbols) for each in record.fields)):
        return False
    size, align = _in_rust(record, layout, symbols)
    return size >= 0 and (size, align) == (layout.extent.size, layout.extent.align)


def asks_alignment(record: Record) -> bool:
    """Tell whether the record's alignment has to be written, since its members do not give it."""
    return bool(record.align) or any(each.bits is not None for each in record.fields)


def _in_rust(record: Record, layout: RecordLayout, symbols: Symbols) -> tuple[int, int]:
    """Size and alignment in Rust; a size below zero where a member lies elsewhere.

    Gaps around bit fields are members too, so that only other members can be misplaced.
    """
    padded = any(each.is_bits for each in layout.placed)
    align = layout.extent.align if record.pack is None and asks_alignment(record) else 1
    end = 0
    for each in layout.placed:
        own = 1 if each.is_bits else extent_of(each.fields[0].type, symbols).align
        own = min(own, record.pack or own)
        align = max(align, own)
        if record.kind == "union":
            end = max(end, each.size)
            continue
        start = -(-max(end, each.offset if padded else 0) // own) * own
        if start != each.offset:
            return -1, align
        end = start + each.size
    if padded and record.kind == "struct":
        end = max(end, layout.extent.size)
    return -(-end // align) * align, align


def _is_aligned(kind: CType, symbols: Symbols) -> bool:
    """Whether a type's Rust form asks for an alignment."""
    kind = symbols.resolved(kind)
    while isinstance(kind, Array):
        kind = symbols.resolved(kind.element)
    if isinstance(kind, Vector) or (isinstance(kind, Basic) and kind.name in _ALIGNED):
        return True
    record = symbols.record(kind)
    if record is None:
        return False
    own = asks_alignment(record) or any(each.align for each in record.fields)
    return own or any(_is_aligned(each.type, symbols) for each in record.fields)
