"""Which numbers the type names of a C project stand for, and which of its structures are opaque."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from repowright.repo_tools.c_text.syntax import declarator_name, parse, text_of, top_level, walk

_FILLING = frozenset({"const", "volatile", "restrict", "__restrict", "register", "signed", "int"})
_DECIDING = frozenset({"unsigned", "long", "short", "char", "double", "float", "_Bool", "bool"})
_DEEPEST = 20
"""Typedefs of typedefs; more are a circle."""


@dataclass(frozen=True)
class ScalarType:
    """A number as both languages know it, on a 64-bit Unix."""

    kind: Literal["signed", "unsigned", "float", "bool"]
    bits: int

    @property
    def rust(self) -> str:
        """Its name in Rust."""
        return "bool" if self.kind == "bool" else f"{_LETTERS[self.kind]}{self.bits}"

    @property
    def c(self) -> str:
        """Its name in C, by ``stdint.h``."""
        if self.kind == "float":
            return "double" if self.bits == 64 else "float"
        return "_Bool" if self.kind == "bool" else f"{'u' * (self.kind == 'unsigned')}int{self.bits}_t"


_LETTERS = {"signed": "i", "unsigned": "u", "float": "f"}
_BASIC: Mapping[str, ScalarType] = {
    "char": ScalarType("signed", 8),
    "unsigned char": ScalarType("unsigned", 8),
    "short": ScalarType("signed", 16),
    "unsigned short": ScalarType("unsigned", 16),
    "": ScalarType("signed", 32),
    "unsigned": ScalarType("unsigned", 32),
    "long": ScalarType("signed", 64),
    "long long": ScalarType("signed", 64),
    "unsigned long": ScalarType("unsigned", 64),
    "unsigned long long": ScalarType("unsigned", 64),
    "float": ScalarType("float", 32),
    "double": ScalarType("float", 64),
    "_Bool": ScalarType("bool", 8),
    "bool": ScalarType("bool", 8),
}
_LIBRARY: Mapping[str, ScalarType] = {
    **{f"int{bits}_t": ScalarType("signed", bits) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": ScalarType("unsigned", bits) for bits in (8, 16, 32, 64)},
    "size_t": ScalarType("unsigned", 64),
    "ssize_t": ScalarType("signed", 64),
    "ptrdiff_t": ScalarType("signed", 64),
    "intptr_t": ScalarType("signed", 64),
    "uintptr_t": ScalarType("unsigned", 64),
    "u_char": ScalarType("unsigned", 8),
    "uint": ScalarType("unsigned", 32),
    "wchar_t": ScalarType("signed", 32),
}


@dataclass(frozen=True)
class CTypes:
    """The type names of one project."""

    aliases: Mapping[str, str]
    """What each typedef stands for, as text: ``unsigned int``, ``struct queue``, ``char *``."""
    enums: frozenset[str]
    members: Mapping[str, frozenset[str]]
    """Names of the members of the structures that headers show, by tag."""

    def scalar(self, name: str) -> ScalarType | None:
        """The number a type name stands for; None for anything else."""
        plain = name
        for _ in range(_DEEPEST):
            if not plain or "*" in plain or plain.startswith(("struct ", "union ")):
                return None
            if plain.startswith("enum ") or plain in self.enums:
                return ScalarType("unsigned", 32)
            if plain in self.aliases:
                plain = self.resolved(plain)
            else:
                return _BASIC.get(_basic_words(plain)) or _LIBRARY.get(plain)
        return None

    def enum(self, name: str) -> str:
        """Name of the enum that a type name stands for, without ``enum`` where it has that; empty for none."""
        for _ in range(_DEEPEST):
            if name.startswith("enum ") or name in self.enums:
                return name.removeprefix("enum ").strip()
            if name not in self.aliases:
                return ""
            name = self.resolved(name)
        return ""

    def resolved(self, name: str) -> str:
        """What a typedef stands for, qualifiers left out; the name itself where it is none."""
        words = [word for word in self.aliases.get(name, name).split() if word not in ("const", "volatile")]
        return " ".join(words)

    def structure(self, name: str) -> str:
        """Tag of the structure that a type name stands for; empty for none."""
        for _ in range(_DEEPEST):
            if name.startswith("struct "):
                return name.removeprefix("struct ").strip()
            if name not in self.aliases:
                return ""
            name = self.resolved(name)
        return ""


def read_types(sources: Iterable[tuple[str, bytes]]) -> CTypes:
    """Read the type names of a project's files, given by path and text."""
    aliases: dict[str, str] = {}
    enums: set[str] = set()
    members: dict[str, frozenset[str]] = {}
    for path, source in sources:
        _, root = parse(source)
        for node in top_level(root):
            if node.type == "type_definition":
                _typedef(node, aliases, enums)
        if path.endswith((".h", ".hpp")):
            found = (each for each in walk(root) if each.type == "struct_specifier")
            members |= {_tag_of(each): _members(each) for each in found if each.child_by_field_name("body") is not None}
    return CTypes(aliases, frozenset(enums), members)


def _tag_of(node: Node) -> str:
    """Tag of a structure; one without a tag has the name of its typedef behind an ``@``."""
    name = text_of(node.child_by_field_name("name"))
    if name or node.parent is None or node.parent.type != "type_definition":
        return name
    return f"@{text_of(declarator_name(node.parent.child_by_field_name('declarator')))}"


def _members(node: Node) -> frozenset[str]:
    names = (text_of(each) for each in walk(node) if each.type == "field_identifier")
    return frozenset(name for name in names if name)


def _typedef(node: Node, aliases: dict[str, str], enums: set[str]) -> None:
    kind = node.child_by_field_name("type")
    for declarator in node.children_by_field_name("declarator"):
        name = text_of(declarator_name(declarator))
        if kind is None or not name:
            continue
        if kind.type == "enum_specifier":
            enums.add(name)
            continue
        base = text_of(kind)
        if kind.type in ("struct_specifier", "union_specifier"):
            tag = text_of(kind.child_by_field_name("name")) or f"@{name}"
            base = f"{kind.type.partition('_')[0]} {tag}"
        shape = text_of(declarator).replace(name, "", 1).strip()
        aliases[name] = f"{base} {shape}".strip() if re.fullmatch(r"[*\s]*", shape) else f"{base} * ()"


def _basic_words(name: str) -> str:
    """``unsigned long`` for ``long unsigned int``; a name that is none of the language's stays as it is."""
    words = name.split()
    if not all(word in _FILLING | _DECIDING for word in words):
        return name
    return " ".join(sorted((word for word in words if word in _DECIDING), key=lambda word: word != "unsigned"))
