"""Bodies of structs, unions and enums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from repowright.repo_tools.c_source.attributes import Attributes, take_attributes
from repowright.repo_tools.c_source.c_types import (
    Enumeration,
    Field,
    Record,
    RecordKind,
    Site,
    Tagged,
)
from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.tokens import Token

if TYPE_CHECKING:
    from repowright.repo_tools.c_source.declarations import DeclarationReader

_ASSERTIONS = ("_Static_assert", "static_assert")


def read_record(reader: DeclarationReader, cursor: Cursor) -> Tagged:
    """Take a struct or union, with or without a body."""
    start = cursor.at
    keyword = cursor.take()
    kind: RecordKind = "struct" if keyword.text == "struct" else "union"
    found = take_attributes(cursor, reader)
    tag = cursor.take() if cursor.peek().kind == "word" else None
    found = take_attributes(cursor, reader, found)
    name = _key(reader, kind, keyword, tag)
    if cursor.text != "{":
        return Tagged(kind, name)
    body = Cursor(cursor.balanced())
    found = take_attributes(cursor, reader, found)
    fields: list[Field] = []
    while not body.ended:
        fields += _members(reader, body)
    site = Site(keyword.path, keyword.line)
    pack = 1 if found.packed else reader.packs[-1]
    text = _text(cursor.tokens[start : cursor.at])
    record = Record(kind, name, tuple(fields), site, text, pack, found.align, reader.packs[-1])
    reader.symbols.records[f"{kind} {name}"] = record
    return Tagged(kind, name)


def _key(reader: DeclarationReader, kind: Literal["struct", "union", "enum"], keyword: Token, tag: Token | None) -> str:
    """The tag; for want of one the place, with a number where a line holds several."""
    if tag is not None:
        return tag.text
    taken = reader.symbols.places
    base = f"@{keyword.path}:{keyword.line}"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}#{count}"
    taken.add(name)
    return name


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.text for token in tokens)


def _members(reader: DeclarationReader, cursor: Cursor) -> list[Field]:
    if cursor.peek().kind == "pack" or cursor.text == ";":
        cursor.take()
        return []
    if cursor.text in _ASSERTIONS:
        cursor.take()
        cursor.balanced()
        return []
    given = reader.specifiers(cursor)
    if cursor.accept(";") or cursor.ended:
        nameless = isinstance(given.type, Tagged) and given.type.kind != "enum"
        return [Field("", given.type, align=given.align)] if nameless else []
    fields: list[Field] = []
    while True:
        declared = reader.declarator(cursor, given) if cursor.text != ":" else None
        bits = None
        if cursor.accept(":"):
            bits = reader.value(cursor.until((",", ";"))) or 0
        later = take_attributes(cursor, reader, declared.attributes if declared else Attributes())
        kind = declared.type if declared else given.type
        name = declared.name if declared else ""
        fields.append(Field(name, kind, bits, later.align or given.align))
        if not cursor.accept(","):
            break
    if not cursor.ended:
        cursor.expect(";")
    return fields


def read_enum(reader: DeclarationReader, cursor: Cursor) -> Tagged:
    """Take an enum, with or without a body, and enter its members."""
    start = cursor.at
    keyword = cursor.take()
    take_attributes(cursor, reader)
    tag = cursor.take() if cursor.peek().kind == "word" else None
    name = _key(reader, "enum", keyword, tag)
    if cursor.text != "{":
        return Tagged("enum", name)
    body = Cursor(cursor.balanced())
    take_attributes(cursor, reader)
    members: list[tuple[str, int | None]] = []
    value: int | None = -1
    while not body.ended:
        member = body.take()
        take_attributes(body, reader)
        if body.accept("="):
            value = _member_value(reader, body.until((",",)))
        elif value is not None:
            value += 1
        members.append((member.text, value))
        reader.symbols.enumerators[member.text] = value
        reader.symbols.enumerator_owner[member.text] = name
        body.accept(",")
    text = _text(cursor.tokens[start : cursor.at])
    reader.symbols.enums[name] = Enumeration(name, tuple(members), Site(keyword.path, keyword.line), text)
    return Tagged("enum", name)


def _member_value(reader: DeclarationReader, tokens: list[Token]) -> int | None:
    try:
        return value_of(tokens, reader).integer
    except NotConstant:
        return None
