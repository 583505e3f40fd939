"""Definitions of types, laid out as C lays them out; Rust itself checks their sizes."""

from __future__ import annotations

from collections.abc import Iterator

from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue, Entry
from repowright.agent.workflows.translate.skeleton.crate import Refused
from repowright.agent.workflows.translate.skeleton.names import value_name
from repowright.agent.workflows.translate.skeleton.rust_layout import asks_alignment, fits_rust
from repowright.agent.workflows.translate.skeleton.type_text import SUPPORT, TypeWriter
from repowright.repo_tools.c_source.c_types import Enumeration, Field, Record, Typedef
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.layout import Placed, RecordLayout, layout_of

_COPIED = "#[derive(Clone, Copy)]"


class DefinitionWriter:
    """Writes the module of types.

    Attributes
    ----------
    notes
        What is not as in C, filled while writing.
    enumerators
        Constants that enums gave, by name in C.
    count
        Types written.
    """

    def __init__(self, catalogue: Catalogue, writer: TypeWriter) -> None:
        self._catalogue = catalogue
        self._writer = writer
        self.notes: list[Refused] = []
        self.enumerators: dict[str, int] = {}
        self.count = 0

    def text(self) -> str:
        """The whole module."""
        parts = ["//! Types of the project, each once.", SUPPORT.strip()]
        for identity in sorted(self._catalogue.entries, key=lambda each: (self._catalogue.names[each], each)):
            part = self._entry(self._catalogue.entries[identity])
            if part:
                parts.append(part)
                self.count += 1
        return "\n\n".join(parts) + "\n"

    def _entry(self, entry: Entry) -> str:
        name = self._catalogue.names[entry.identity]
        definition = entry.definition
        if isinstance(definition, Typedef):
            return self._typedef(entry, definition, name)
        if isinstance(definition, Enumeration):
            return self._enum(definition, name)
        if definition is None:
            return self._opaque(entry, name)
        return self._record(entry, definition, name)

    def _typedef(self, entry: Entry, definition: Typedef, name: str) -> str:
        if entry.identity in self._catalogue.merged:
            return ""
        text = self._writer.text(entry.unit, definition.type)
        return f"pub type {name} = {text};"

    def _opaque(self, entry: Entry, name: str) -> str:
        """A type that is only ever pointed to, or that a missing header would define."""
        if entry.identity[0] == "enum":
            return f"pub type {name} = ::core::ffi::c_uint;"
        if entry.identity[0] == "typedef":
            self.notes.append(Refused("", entry.identity[1], "is defined by a header that is missing; it is opaque"))
        return (
            f"/// Opaque: nothing defines it.\n#[repr(C)]\n{_COPIED}\npub struct {name} {{\n    _opaque: [u8; 0],\n}}"
        )

    def _enum(self, definition: Enumeration, name: str) -> str:
        values = [value for _, value in definition.members if value is not None]
        wide = any(not -(1 << 31) <= value < 1 << 32 for value in values)
        base = "i64" if wide else "::core::ffi::c_int" if min(values, default=0) < 0 else "::core::ffi::c_uint"
        lines = [f"pub type {name} = {base};"]
        for member, value in definition.members:
            reason = self._unfit(member, value)
            if reason:
                self.notes.append(Refused(definition.site.path, member, reason))
            elif member not in self.enumerators and value is not None:
                self.enumerators[member] = value
                lines.append(f"pub const {value_name(member)}: {name} = {value};")
        return "\n".join(lines)

    def _unfit(self, member: str, value: int | None) -> str:
        if value is None:
            return "has a value that cannot be proved"
        known = self.enumerators.get(member, value)
        return "" if known == value else f"is {known} in one enum and {value} in another; the crate has the first"

    def _record(self, entry: Entry, record: Record, name: str) -> str:
        symbols = entry.unit.symbols
        try:
            layout: RecordLayout | None = layout_of(record, symbols)
        except NotConstant as err:
            layout = None
            self.notes.append(
                Refused(record.site.path, record.key, f"has a layout that cannot be proved: {err.message}")
            )
        head = f"/// `{record.site.path}:{record.site.line}`\n" if record.site.is_project else ""
        if layout is not None and not fits_rust(record, layout, symbols):
            reason = "aligns or packs its members as Rust cannot; it is kept as bytes"
            self.notes.append(Refused(record.site.path, record.key, reason))
            return head + _bytes(name, layout) + _checked(name, layout)
        members = record.fields if layout is None else layout.placed
        if record.kind == "union" and members:
            return head + self._union(entry, record, name, layout) + _checked(name, layout)
        return head + self._struct(entry, record, name, layout) + _checked(name, layout)

    def _struct(self, entry: Entry, record: Record, name: str, layout: RecordLayout | None) -> str:
        bits = layout is not None and any(each.is_bits for each in layout.placed)
        if layout is None:
            members = list(self._plain(entry, [each for each in record.fields if each.name or each.bits is None]))
        else:
            members = list(self._placed(entry, record, layout, padded=bits))
        if bits:
            self.notes.append(Refused(record.site.path, record.key, "has bit fields, which lie in plain bytes"))
        attribute = _attribute(record, layout)
        return f"#[repr({attribute})]\n{_COPIED}\npub struct {name} {{\n{''.join(members)}}}"

    def _plain(self, entry: Entry, fields: list[Field]) -> Iterator[str]:
        for number, each in enumerate(fields):
            yield self._member(entry, each, number)

    def _placed(self, entry: Entry, record: Record, layout: RecordLayout, *, padded: bool) -> Iterator[str]:
        end = 0
        for number, each in enumerate(layout.placed):
            if padded and each.offset > end:
                yield f"    pub _gap_{number}: [u8; {each.offset - end}],\n"
            yield _bits(each, number) if each.is_bits else self._member(entry, each.fields[0], number)
            end = each.offset + each.size
        if padded and layout.extent.size > end:
            yield f"    pub _gap_end: [u8; {layout.extent.size - end}],\n"

    def _union(self, entry: Entry, record: Record, name: str, layout: RecordLayout | None) -> str:
        members: list[str] = []
        placed = layout.placed if layout else tuple(Placed((each,), 0, 0) for each in record.fields)
        for number, each in enumerate(placed):
            members.append(_bits(each, number) if each.is_bits else self._member(entry, each.fields[0], number))
        attribute = _attribute(record, layout)
        return f"#[repr({attribute})]\n{_COPIED}\npub union {name} {{\n{''.join(members)}}}"

    def _member(self, entry: Entry, each: Field, number: int) -> str:
        name = value_name(each.name) if each.name else f"_anonymous_{number}"
        return f"    pub {name}: {self._writer.text(entry.unit, each.type)},\n"


def _bits(placed: Placed, number: int) -> str:
    told = ", ".join(f"{each.name or '(unnamed)'}: {each.bits}" for each in placed.fields)
    return f"    /// Bits, from the lowest: {told}.\n    pub _bits_{number}: [u8; {placed.size}],\n"


def _attribute(record: Record, layout: RecordLayout | None) -> str:
    """The representation: C's, packed or aligned where the record or its bit fields ask for it."""
    if record.pack is not None:
        return f"C, packed({record.pack})" if record.pack > 1 else "C, packed"
    if layout is not None and asks_alignment(record):
        return f"C, align({layout.extent.align})"
    return "C"


def _bytes(name: str, layout: RecordLayout) -> str:
    size, align = layout.extent.size, layout.extent.align
    return f"#[repr(C, align({align}))]\n{_COPIED}\npub struct {name} {{\n    pub _bytes: [u8; {size}],\n}}"


def _checked(name: str, layout: RecordLayout | None) -> str:
    if layout is None:
        return ""
    return f"\nconst _: () = assert!(::core::mem::size_of::<{name}>() == {layout.extent.size});"
