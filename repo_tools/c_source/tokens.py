"""Tokens of preprocessed C, each with the place it came from, and the macros that were defined on the way."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from repowright.repo_tools.c_source.c_types import in_project

TokenKind = Literal["word", "number", "string", "char", "sign", "pack"]

_TOKEN = re.compile(
    r"(?P<directive>^[ \t]*\#[^\n]*)|(?P<space>[ \t\f\v\r]+)|(?P<newline>\n)"
    r"|(?P<string>(?:u8|[LuU])?\"(?:\\.|[^\"\\\n])*\")|(?P<char>[LuU]?'(?:\\.|[^'\\\n])+')"
    r"|(?P<word>[^\W\d][\w$]*)|(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)"
    r"|(?P<sign>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\#\#|.)",
    re.MULTILINE,
)
_MARKER = re.compile(r"[ \t]*#(?:line)?[ \t]+(\d+)[ \t]+\"((?:\\.|[^\"\\])*)\"")
_DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\(([^)]*)\))?[ \t]*(.*)")
_UNDEFINE = re.compile(r"[ \t]*#[ \t]*undef[ \t]+(\w+)")
_PACK = re.compile(r"[ \t]*#[ \t]*pragma[ \t]+pack[ \t]*\(([^)]*)\)")


class Token(NamedTuple):
    """One token.

    Parameters
    ----------
    path
        File it came from, normalised; absolute for the compiler's own headers.
    line
        1-based.
    """

    kind: TokenKind
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro as it stands at the end of the file.

    Parameters
    ----------
    parameters
        `None` for an object-like macro.
    """

    name: str
    parameters: tuple[str, ...] | None
    value: str
    path: str
    line: int

    @property
    def is_project(self) -> bool:
        """Whether a file of the project defines it."""
        return in_project(self.path)


@dataclass
class TokenStream:
    """What a preprocessed file is made of, in order; ``macros`` holds those still defined at the end."""

    tokens: list[Token] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    undefined: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    """Macros that do not mean the same thing everywhere: defined anew, or taken back."""


def tokens_of(text: str) -> TokenStream:
    """Cut the output of ``gcc -E -dD`` into tokens."""
    stream = TokenStream()
    add = stream.tokens.append
    path, line = "", 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "space":
            continue
        if kind == "newline":
            line += 1
        elif kind == "directive":
            path, line = _directive(match[0], stream, path, line)
        else:
            add(Token(kind, match[0], path, line))  # type: ignore[arg-type]  # the groups are the kinds
    return stream


def plain_tokens(text: str) -> list[Token]:
    """Cut a piece of C, such as a macro's value, into tokens without a place."""
    return tokens_of(text).tokens


def _directive(text: str, stream: TokenStream, path: str, line: int) -> tuple[str, int]:
    """Follow a directive; return the file and the line that it stands on, a line before what follows."""
    marker = _MARKER.match(text)
    if marker:
        path = normal_path(marker[2])
        stream.files.add(path)
        return path, int(marker[1]) - 1
    defined = _DEFINE.match(text)
    if defined:
        parameters = None if defined[2] is None else tuple(each.strip() for each in defined[3].split(",") if each)
        if defined[1] in stream.macros or defined[1] in stream.undefined:
            stream.changed.add(defined[1])
        stream.macros[defined[1]] = Macro(defined[1], parameters, defined[4].strip(), path, line)
        return path, line
    undefined = _UNDEFINE.match(text)
    if undefined and stream.macros.pop(undefined[1], None) is not None:
        stream.undefined.add(undefined[1])
    pack = _PACK.match(text)
    if pack:
        stream.tokens.append(Token("pack", pack[1], path, line))
    return path, line


def normal_path(written: str) -> str:
    """The path of a line marker, ``./`` and ``a/..`` taken out."""
    if written.startswith(("/", "<")):
        return posixpath.normpath(written) if written.startswith("/") else written
    return posixpath.normpath(written)
