"""Declarations of C: specifiers and declarators to types, typedefs taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from repowright.repo_tools.c_source import attributes
from repowright.repo_tools.c_source.attributes import Attributes, take_attributes
from repowright.repo_tools.c_source.c_types import (
    INT,
    Array,
    Basic,
    CType,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Tagged,
    Unreadable,
    Vector,
)
from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.errors import CParseError, NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.layout import extent_of
from repowright.repo_tools.c_source.numbers import FLOATS, WIDTHS, Number
from repowright.repo_tools.c_source.symbols import Symbols
from repowright.repo_tools.c_source.tags import read_enum, read_record
from repowright.repo_tools.c_source.tokens import Token
from repowright.repo_tools.c_source.type_words import (
    ALIGN,
    BASIC_WORDS,
    QUALIFIERS,
    STORAGE,
    TAGS,
    TYPE_STARTS,
    TYPEOF,
    basic_of,
    with_mode,
)


@dataclass(frozen=True, slots=True)
class Specifiers:
    """What stands before the declarators.

    Parameters
    ----------
    implicit
        Whether no type is named, which old C takes for ``int``.
    names
        Typedef names and tags that were mentioned.
    """

    type: CType
    storage: frozenset[str] = frozenset()
    const: bool = False
    attributes: Attributes = attributes.NONE
    implicit: bool = False
    names: tuple[str, ...] = ()
    align: int | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared name and its type.

    Parameters
    ----------
    token
        The name's token; `None` in an abstract declarator.
    old_style
        Parameter names of a definition in the style before ANSI C.
    const
        Whether the thing itself is constant.
    """

    token: Token | None
    type: CType
    old_style: tuple[str, ...] = ()
    const: bool = False
    attributes: Attributes = attributes.NONE

    @property
    def name(self) -> str:
        """The name, empty if there is none."""
        return self.token.text if self.token else ""


class DeclarationReader:
    """Reads declarations at a cursor and enters the types they define into the symbols.

    Parameters
    ----------
    symbols
        Grows as types are defined.
    """

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.shadowed: frozenset[str] = frozenset()
        """Names that stand for variables where the reader is, whatever typedefs say."""
        self.packs: list[int | None] = [None]
        self.tolerant = False
        """Whether an unknown word may be a type, because a header that would define it is not there."""

    def constant(self, name: str) -> Number:
        """Value of an enumerator; see `expressions.Meaning`."""
        value = self.symbols.enumerators.get(name)
        if value is None:
            raise NotConstant(f"the value of {name} is not known")
        return Number(value, "int" if -(1 << 31) <= value < 1 << 31 else "long")

    def is_typedef(self, name: str) -> bool:
        """Whether a name stands for a type here."""
        return name in self.symbols.typedefs and name not in self.shadowed

    def starts_type(self, cursor: Cursor) -> bool:
        """Whether a declaration or a type's name begins here."""
        token = cursor.peek()
        return token.kind == "word" and (token.text in TYPE_STARTS or self.is_typedef(token.text))

    def type_name(self, cursor: Cursor) -> CType:
        """Take a type's name, as casts and ``sizeof`` have it."""
        given = self.specifiers(cursor)
        return self.declarator(cursor, given).type

    def arithmetic(self, cursor: Cursor) -> str:
        """Take a type's name that is arithmetic; see `expressions.Meaning`."""
        kind = self.symbols.resolved(self.type_name(cursor))
        if isinstance(kind, Tagged) and kind.kind == "enum":
            return "int"
        if not isinstance(kind, Basic) or (kind.name not in WIDTHS and kind.name not in FLOATS):
            raise NotConstant("a cast to a type that is not arithmetic")
        return kind.name

    def size(self, cursor: Cursor) -> int:
        """Take a type's name and measure it; see `expressions.Meaning`."""
        return extent_of(self.type_name(cursor), self.symbols).size

    def alignment(self, cursor: Cursor) -> int:
        """Take a type's name and return its alignment; see `expressions.Meaning`."""
        return extent_of(self.type_name(cursor), self.symbols).align

    def value(self, tokens: Sequence[Token]) -> int | None:
        """The integer that an expression is, if that can be proved."""
        try:
            return value_of(tokens, self).integer
        except NotConstant:
            return None

    def specifiers(self, cursor: Cursor) -> Specifiers:
        """Take storage classes, qualifiers, attributes and the type."""
        words: list[str] = []
        storage: set[str] = set()
        names: list[str] = []
        kind: CType | None = None
        const, align, found = False, None, attributes.NONE
        while True:
            found = take_attributes(cursor, self, found)
            token = cursor.peek()
            text = token.text
            if token.kind != "word":
                break
            if text in STORAGE:
                storage.add(cursor.take().text)
            elif text in QUALIFIERS and not (text == "_Atomic" and cursor.peek(1).text == "("):
                const = cursor.take().text.strip("_") == "const" or const
            elif text in ALIGN:
                cursor.take()
                align = self._alignment(cursor.balanced())
            elif text in BASIC_WORDS:
                words.append(cursor.take().text)
            elif kind is None and not words and (text in TAGS or text in TYPEOF or self.is_typedef(text)):
                kind = self._described(cursor, names)
            elif self.tolerant and kind is None and not words and self._is_unknown(cursor):
                kind = self._unknown(cursor, names)
            else:
                break
        implicit = kind is None and not words
        base = kind or (basic_of(words) if words else INT)
        base = self._attributed(base, found)
        return Specifiers(base, frozenset(storage), const, found, implicit, tuple(names), align or found.align)

    def _is_unknown(self, cursor: Cursor) -> bool:
        token, following = cursor.peek(), cursor.peek(1)
        known = token.text in self.symbols.enumerators or token.text in self.shadowed
        return not known and (following.kind == "word" or following.text == "*")

    def _unknown(self, cursor: Cursor, names: list[str]) -> CType | None:
        """Take a type nobody defines; a word before a type that is known is a macro nobody defines."""
        token = cursor.take()
        if self.starts_type(cursor):
            return None
        names.append(token.text)
        return Named(token.text)

    def _alignment(self, tokens: list[Token]) -> int | None:
        inner = Cursor(tokens)
        if not self.starts_type(inner):
            return self.value(tokens)
        try:
            return self.alignment(inner)
        except NotConstant:
            return None

    def _described(self, cursor: Cursor, names: list[str]) -> CType:
        text = cursor.text
        if text in TYPEOF:
            cursor.take()
            if cursor.text != "(":
                return Unreadable("the type of an expression")
            inner = Cursor(cursor.balanced())
            return self.type_name(inner) if self.starts_type(inner) else Unreadable("the type of an expression")
        if text not in TAGS:
            names.append(cursor.take().text)
            return Named(text)
        found = read_enum(self, cursor) if text == "enum" else read_record(self, cursor)
        names.append(f"{found.kind} {found.key}")
        return found

    def _attributed(self, kind: CType, found: Attributes) -> CType:
        if found.mode:
            kind = with_mode(kind, found.mode)
        return Vector(kind, found.vector) if found.vector else kind

    def declarator(self, cursor: Cursor, given: Specifiers) -> Declared:
        """Take one declarator, abstract or not."""
        declared = self._declarator(cursor, given.type, given.const)
        found = take_attributes(cursor, self)
        if found.mode or found.vector:
            declared = replace(declared, type=self._attributed(declared.type, found))
        return replace(declared, attributes=found)

    def _declarator(self, cursor: Cursor, base: CType, const: bool) -> Declared:
        while True:
            take_attributes(cursor, self)
            if cursor.text not in ("*", "^"):
                break
            cursor.take()
            base, const = Pointer(base, const), False
            while cursor.text in QUALIFIERS or cursor.text in attributes.WORDS:
                const = cursor.text.strip("_") == "const" or const
                if cursor.text in attributes.WORDS:
                    take_attributes(cursor, self)
                else:
                    cursor.take()
        if cursor.text == "(" and self._is_nested(cursor):
            return self._nested(cursor, base, const)
        token = cursor.take() if cursor.peek().kind == "word" else None
        kind, old_style = self._suffixes(cursor, base)
        return Declared(token, kind, old_style, const)

    def _is_nested(self, cursor: Cursor) -> bool:
        """Whether a bracket groups a declarator rather than opening parameters."""
        inner = cursor.peek(1)
        if inner.kind == "word":
            plain = inner.text not in TYPE_STARTS and not self.is_typedef(inner.text)
            return inner.text in attributes.WORDS or plain
        return inner.text in ("*", "(", "[", "^")

    def _nested(self, cursor: Cursor, base: CType, const: bool) -> Declared:
        inner = Cursor(cursor.balanced())
        kind, outer = self._suffixes(cursor, base)
        declared = self._declarator(inner, kind, const)
        take_attributes(inner, self)
        if not inner.ended:
            token = inner.peek()
            raise CParseError(f"{token.text!r} is no part of a declarator", token.path, token.line)
        return declared if declared.old_style or not outer else replace(declared, old_style=outer)

    def _suffixes(self, cursor: Cursor, base: CType) -> tuple[CType, tuple[str, ...]]:
        if cursor.text == "[":
            length, unproved = self._length(cursor.balanced())
            element, _ = self._suffixes(cursor, base)
            return Array(element, length, unproved), ()
        if cursor.text == "(":
            inner = Cursor(cursor.balanced())
            result, _ = self._suffixes(cursor, base)
            return self._function(inner, result)
        return base, ()

    def _length(self, tokens: list[Token]) -> tuple[int | None, bool]:
        """The length between brackets, and whether there is one that cannot be proved."""
        kept = [token for token in tokens if token.text not in ("static", *QUALIFIERS)]
        length = self.value(kept) if kept else None
        return length, bool(kept) and length is None

    def _function(self, cursor: Cursor, result: CType) -> tuple[CType, tuple[str, ...]]:
        if cursor.ended:
            return FunctionType(result, (), prototyped=False), ()
        if not self.starts_type(cursor) and _are_names(cursor.tokens):
            names = tuple(token.text for token in cursor.tokens if token.kind == "word")
            return FunctionType(result, (), prototyped=False), names
        parameters: list[Parameter] = []
        variadic = False
        while not cursor.ended:
            if cursor.accept("..."):
                variadic = True
            else:
                parameters.append(self._parameter(cursor))
            if not cursor.accept(","):
                break
        alone = len(parameters) == 1 and not parameters[0].name
        if alone and self.symbols.resolved(parameters[0].type) == Basic("void"):
            parameters = []
        return FunctionType(result, tuple(parameters), variadic), ()

    def _parameter(self, cursor: Cursor) -> Parameter:
        given = self.specifiers(cursor)
        declared = self.declarator(cursor, given)
        kind = self.symbols.decayed(declared.type)
        if isinstance(kind, Pointer) and given.const and isinstance(declared.type, Array):
            kind = Pointer(kind.target, const=True)
        return Parameter(declared.name, kind)


def _are_names(tokens: Sequence[Token]) -> bool:
    """Whether tokens are plain words with commas between them."""
    words, commas = tokens[::2], tokens[1::2]
    return all(token.kind == "word" for token in words) and all(token.text == "," for token in commas)
