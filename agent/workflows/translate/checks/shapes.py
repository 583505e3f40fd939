"""What a C function takes and gives, as far as its declaration tells: numbers, buffers with lengths, texts, handles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from repowright.repo_tools.c_text import CFunction, CParameter, CTypes, ScalarType

_LENGTH = re.compile(
    r"(?:^|_)(?:n|len|length|size|sz|count|cnt|num|nb|nmemb|bytes)\d*$|(?:len|size|count|length)$|^n[a-z]?$", re.I
)
_BOUND = re.compile(r"(?:min|max|limit|pad|target|want)", re.I)
_ENDING = re.compile(r"(?:^|_)(?:free|destroy|delete|release|close|dispose|drop|del|term|deinit|cleanup)(?:_|$)", re.I)


class ShapeKind(StrEnum):
    """What a parameter or a result is."""

    SCALAR = "scalar"
    BUFFER = "buffer"
    """A pointer to numbers, as many as the next parameter says."""
    LENGTH = "length"
    """The number of elements of the buffer before it."""
    TEXT = "text"
    """Characters up to a zero."""
    CELL = "cell"
    """A pointer to one number, or to an unknown count of them."""
    HANDLE = "handle"
    """A pointer to a structure."""
    VALUE = "structure"
    """A structure by value."""
    CALLBACK = "pointer to a function"
    CURSOR = "place in a text"
    """A pointer to a pointer to characters that are only read."""


@dataclass(frozen=True)
class Shape:
    """One parameter or result."""

    kind: ShapeKind
    scalar: ScalarType | None = None
    """The number itself, or the element."""
    writable: bool = False
    tag: str = ""
    """Of a handle and of a value: the structure."""
    enum: str = ""
    """Of a number: the enum that it is one of."""
    freed: bool = False
    """The function frees what it points to."""
    filled: bool = False
    """The function writes what it points to and reads nothing of it."""
    call: CallShape | None = None
    """Of a pointer to a function."""


@dataclass(frozen=True)
class CallShape:
    """A function that can be called with made-up values."""

    name: str
    path: str
    symbol: str
    """Unique in the program: the name, or one with the file's number for a ``static`` function."""
    parameters: tuple[Shape, ...]
    result: Shape | None
    """None for ``void``."""
    static: bool = False

    @property
    def handles(self) -> tuple[str, ...]:
        """Structures it takes."""
        return tuple(each.tag for each in self.parameters if each.kind is ShapeKind.HANDLE)

    @property
    def ends_handle(self) -> bool:
        """True where its name says that it gives the structure back."""
        return bool(self.handles) and _ENDING.search(self.name) is not None


NO_CALLBACKS: Mapping[str, CallShape] = {}


def shape_of(
    function: CFunction,
    path: str,
    index: int,
    types: CTypes,
    body: bytes | None = None,
    callbacks: Mapping[str, CallShape] = NO_CALLBACKS,
) -> CallShape | str:
    """Return the shape of a function, or the reason why nobody can call it with made-up values.

    Parameters
    ----------
    index
        Number of the file, which makes symbols of ``static`` functions unique.
    body
        Of the function, where structures by value, enums and what becomes of pointers are wanted too: who has
        converters can call these.
    callbacks
        Of the parameters that are pointers to functions, by name, what they take and give.
    """
    if function.is_main:
        return "it is the program's entry"
    if function.variadic:
        return "it takes a variable number of arguments"
    if function.old_style:
        return "its parameters are declared in the old style"
    shapes: list[Shape] = []
    for parameter in function.parameters:
        shape = _shape(parameter, shapes[-1] if shapes else None, types)
        if body is not None:
            shape = _with_values(shape, parameter, types, body)
            call = callbacks.get(parameter.name)
            shape = Shape(ShapeKind.CALLBACK, call=call) if call is not None else shape
        if isinstance(shape, str):
            return f"its parameter {parameter.name or len(shapes) + 1} {shape}"
        if shape.kind is ShapeKind.LENGTH:
            shapes[-1] = Shape(ShapeKind.BUFFER, shapes[-1].scalar, shapes[-1].writable)
        shapes.append(shape)
    result = _result(function.result, types)
    if body is not None and result is not None:
        result = _with_values(result, function.result, types, body)
    if isinstance(result, str):
        return result
    symbol = f"{function.name}__{index}" if function.static else function.name
    return CallShape(function.name, path, symbol, tuple(shapes), result, function.static)


def _shape(parameter: CParameter, before: Shape | None, types: CTypes) -> Shape | str:
    if parameter.is_function:
        return "is a function"
    scalar = types.scalar(parameter.type)
    if parameter.pointers == 0 and scalar is not None:
        pointed = before is not None and before.kind in (ShapeKind.CELL, ShapeKind.TEXT)
        if before is not None and pointed and _is_length(parameter, scalar, before):
            return Shape(ShapeKind.LENGTH, scalar)
        return Shape(ShapeKind.SCALAR, scalar)
    if parameter.pointers == 1 and scalar is not None:
        if scalar.bits == 8 and scalar.kind == "signed" and parameter.const:
            return Shape(ShapeKind.TEXT, scalar)
        return Shape(ShapeKind.CELL, scalar, not parameter.const)
    tag = _tag(parameter, types)
    if tag:
        return Shape(ShapeKind.HANDLE, tag=tag)
    return f"is of type {parameter.type}{' ' + '*' * parameter.pointers if parameter.pointers else ''}"


def _with_values(shape: Shape | str, parameter: CParameter, types: CTypes, body: bytes) -> Shape | str:
    """The shape with what only converters can carry."""
    scalar = types.scalar(parameter.type) if parameter.pointers == 2 and parameter.const else None
    if scalar is not None and scalar.bits == 8:
        return Shape(ShapeKind.CURSOR, scalar)
    if isinstance(shape, str):
        tag = types.structure(parameter.type) if not parameter.pointers and not parameter.is_function else ""
        return Shape(ShapeKind.VALUE, tag=tag) if tag else shape
    if shape.kind is ShapeKind.SCALAR:
        return replace(shape, enum=types.enum(parameter.type))
    if shape.kind is not ShapeKind.HANDLE or not parameter.name:
        return replace(shape, writable=not parameter.const) if shape.kind is ShapeKind.HANDLE else shape
    name = re.escape(parameter.name).encode()
    freed = re.search(rb"\bfree\s*\(\s*%s\s*\)" % name, body) is not None
    return replace(shape, writable=not parameter.const, freed=freed, filled=_fills(name, body))


def _fills(name: bytes, body: bytes) -> bool:
    """Tell whether a function may be given memory that holds nothing yet: it begins to write it as a whole."""
    whole = rb"[{;]\s*\*\s*%s\s*=(?!=)|\bmemset\s*\(\s*%s\s*,|\b\w*init\w*\s*\(\s*%s\s*[,)]" % (name, name, name)
    begins, first = re.search(whole, body), re.search(rb"\b%s\b" % name, body)
    if begins is not None and first is not None and begins.end() > first.start() >= begins.start():
        return True
    written = re.findall(rb"\b%s->(\w+)(?:\.\w+)*\s*=(?!=)" % name, body)
    return len(set(written)) > 1 and len(re.findall(rb"\b%s\b" % name, body)) == len(written)


def _is_length(parameter: CParameter, scalar: ScalarType, before: Shape) -> bool:
    """Tell whether a number counts the elements of the pointer before it; a text needs a telling name."""
    counts = scalar.kind in ("signed", "unsigned") and scalar.bits >= 16
    named = _LENGTH.search(parameter.name) is not None and not _BOUND.match(parameter.name)
    return counts and (named or (parameter.type == "size_t" and before.kind is ShapeKind.CELL))


def _tag(parameter: CParameter, types: CTypes) -> str:
    if parameter.pointers == 1:
        return types.structure(parameter.type)
    resolved = types.resolved(parameter.type)
    return (
        types.structure(resolved.removesuffix("*").strip())
        if parameter.pointers == 0 and resolved.endswith(" *")
        else ""
    )


def _result(result: CParameter, types: CTypes) -> Shape | str | None:
    if result.type == "void" and not result.pointers:
        return None
    scalar = types.scalar(result.type)
    if scalar is not None and result.pointers == 0:
        return Shape(ShapeKind.SCALAR, scalar)
    if scalar is not None and result.pointers == 1 and scalar.bits == 8:
        return Shape(ShapeKind.TEXT, scalar, not result.const)
    tag = _tag(result, types)
    return Shape(ShapeKind.HANDLE, tag=tag) if tag else f"its result is of type {result.type} {'*' * result.pointers}"
