"""What a source file says, as frozen records: the same for every language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

DefinitionKind = Literal[
    "class",
    "function",
    "method",
    "constant",
    "global",
    "struct",
    "union",
    "enum",
    "macro",
    "typedef",
    "trait",
]

Span = tuple[int, int]
"""First and last line, 1-based and inclusive."""


@dataclass(frozen=True)
class Definition:
    """One named thing a file defines.

    Parameters
    ----------
    qualname
        Names of the enclosing definitions and its own, joined by dots.
    span
        Lines, 1-based and inclusive, decorators and attributes included.
    signature
        One normalised line: ``def f(a: int, b: str = 'x') -> bool``, ``class A(Base)``.
    doc
        Its documentation without markers and common indent.
    decorators
        As written, without the leading sign.
    parent
        Qualified name of the enclosing definition; empty at the top of the file.
    """

    kind: DefinitionKind
    name: str
    qualname: str
    span: Span
    signature: str
    doc: str = ""
    decorators: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True)
class Import:
    """One name that an import brings in.

    Parameters
    ----------
    module
        Module or header as written, without leading dots.
    name
        What is taken from it; empty when the module itself is.
    alias
        Name it gets here, where that differs.
    level
        Number of leading dots of a relative import.
    type_checking
        Whether only type checkers execute it.
    """

    module: str
    name: str
    alias: str
    level: int
    line: int
    is_star: bool = False
    type_checking: bool = False


@dataclass(frozen=True)
class Call:
    """One call; ``caller`` is the qualified name around it, empty at the top of the file."""

    caller: str
    callee: str
    line: int


@dataclass(frozen=True)
class Inheritance:
    """One base of one class; ``base`` is the text as written."""

    class_qualname: str
    base: str
    line: int


@dataclass(frozen=True)
class ParseProblem:
    """A place the parser could not make sense of; what stands around it was read all the same."""

    line: int
    message: str


@dataclass(frozen=True)
class FileFacts:
    """All that one file says; every tuple is in source order."""

    path: str
    language: str
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    inheritances: tuple[Inheritance, ...] = ()
    docstring: str = ""
    errors: tuple[ParseProblem, ...] = ()


class LanguageFrontend(Protocol):
    """Reads files of one language. Safe to share between threads."""

    @property
    def name(self) -> str:
        """``python``, ``c``, ..."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """File name endings it reads, each with its dot."""

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
