"""The types of C, as declarations spell them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

OWN_FOLDER = ".repowright"
"""What folders begin with that hold files this program made for the compiler."""

RecordKind = Literal["struct", "union"]


@dataclass(frozen=True, slots=True)
class Basic:
    """A type of the language itself, its words in one order: ``unsigned long``."""

    name: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer; ``const`` where what it points to may not be written through it."""

    target: CType
    const: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """An array; ``length`` is `None` where it is left open or, with ``unproved``, where it is no provable constant."""

    element: CType
    length: int | None
    unproved: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; the name is empty where a prototype leaves it out."""

    name: str
    type: CType


@dataclass(frozen=True, slots=True)
class FunctionType:
    """A function; without ``prototyped`` the parameters are not declared: ``int f()``."""

    result: CType
    parameters: tuple[Parameter, ...]
    variadic: bool = False
    prototyped: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """A typedef's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A struct, union or enum, by tag or, where it has none, by the place it is defined at: ``@list.h:12``."""

    kind: Literal["struct", "union", "enum"]
    key: str


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector of so many bytes, as ``__attribute__((vector_size(16)))`` makes it."""

    element: CType
    size: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A type that the reader knows no counterpart for, and why."""

    reason: str


CType = Basic | Pointer | Array | FunctionType | Named | Tagged | Vector | Unreadable

VOID = Basic("void")
INT = Basic("int")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct or union.

    Parameters
    ----------
    name
        Empty for an anonymous struct or union, and for padding bits.
    bits
        Width of a bit field.
    align
        What ``aligned`` or ``_Alignas`` asks for, in bytes.
    """

    name: str
    type: CType
    bits: int | None = None
    align: int | None = None


def in_project(path: str) -> bool:
    """Whether a path of a line marker is a file of the project, not of the compiler or of this program."""
    return bool(path) and not path.startswith(("/", "<", "../", OWN_FOLDER))


@dataclass(frozen=True, slots=True)
class Site:
    """Where something stands in the source, as line markers tell it."""

    path: str
    line: int

    @property
    def is_project(self) -> bool:
        """Whether it stands in a file of the project: the compiler names its own headers by absolute paths."""
        return in_project(self.path)


@dataclass(frozen=True, slots=True)
class Record:
    """A struct or union with its members.

    Parameters
    ----------
    pack
        Largest natural alignment of a member in bytes, 1 for ``packed``; `None` without limit.
    limit
        What ``#pragma pack`` says, which members that ask for their own alignment obey too.
    align
        What ``aligned`` asks for, in bytes.
    text
        Its definition with single spaces, by which two definitions are the same.
    """

    kind: RecordKind
    key: str
    fields: tuple[Field, ...]
    site: Site
    text: str
    pack: int | None = None
    align: int | None = None
    limit: int | None = None

    @property
    def type(self) -> Tagged:
        """The type it defines."""
        return Tagged(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enum; a value is `None` where it cannot be proved."""

    key: str
    members: tuple[tuple[str, int | None], ...]
    site: Site
    text: str

    @property
    def type(self) -> Tagged:
        """The type it defines."""
        return Tagged("enum", self.key)


@dataclass(frozen=True, slots=True)
class Typedef:
    """A name for a type."""

    name: str
    type: CType
    site: Site


def mentioned(kind: CType) -> Iterator[Named | Tagged]:
    """Named types that a type is written with."""
    if isinstance(kind, Named | Tagged):
        yield kind
    elif isinstance(kind, Pointer):
        yield from mentioned(kind.target)
    elif isinstance(kind, Array | Vector):
        yield from mentioned(kind.element)
    elif isinstance(kind, FunctionType):
        yield from mentioned(kind.result)
        for each in kind.parameters:
            yield from mentioned(each.type)
