"""Constant expressions: their value where the text proves it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Protocol

from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.errors import CParseError, NotConstant
from repowright.repo_tools.c_source.numbers import (
    Number,
    character_of,
    common_type,
    converted,
    number_of,
    promoted,
)
from repowright.repo_tools.c_source.tokens import Token

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_PLAIN: dict[str, Callable[[int, int], int]] = {
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_DEPTH = 24


class Meaning(Protocol):
    """What names and types mean where an expression stands."""

    def constant(self, name: str) -> Number:
        """Value of a name; raises `NotConstant`."""

    def starts_type(self, cursor: Cursor) -> bool:
        """Whether a type's name begins here."""

    def arithmetic(self, cursor: Cursor) -> str:
        """Take a type's name and return the arithmetic type it stands for; raises `NotConstant`."""

    def size(self, cursor: Cursor) -> int:
        """Take a type's name and return its size in bytes; raises `NotConstant`."""

    def alignment(self, cursor: Cursor) -> int:
        """Take a type's name and return its alignment in bytes; raises `NotConstant`."""


def value_of(tokens: Sequence[Token], meaning: Meaning) -> Number:
    """Return the value of a whole expression.

    Raises
    ------
    NotConstant
        If it cannot be proved.
    """
    reader = _Reader(Cursor(tokens), meaning)
    try:
        found = reader.conditional(0)
    except (CParseError, IndexError, OverflowError, RecursionError) as err:
        raise NotConstant(f"no constant: {err}") from err
    if not reader.cursor.ended:
        raise NotConstant(f"{reader.cursor.text!r} is no part of a constant")
    return found


class _Reader:
    def __init__(self, cursor: Cursor, meaning: Meaning) -> None:
        self.cursor = cursor
        self._meaning = meaning

    def conditional(self, depth: int) -> Number:
        if depth > _DEPTH:
            raise NotConstant("an expression nested too deeply")
        condition = self._binary(0, depth)
        if not self.cursor.accept("?"):
            return condition
        first = condition if self.cursor.text == ":" else self.conditional(depth + 1)
        self.cursor.expect(":")
        second = self.conditional(depth + 1)
        kind = common_type(promoted(first), promoted(second))
        return converted(first if condition.value else second, kind)

    def _binary(self, level: int, depth: int) -> Number:
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self._binary(level + 1, depth)
        while self.cursor.text in _LEVELS[level] and self.cursor.peek().kind == "sign":
            sign = self.cursor.take().text
            left = computed(sign, left, self._binary(level + 1, depth))
        return left

    def _unary(self, depth: int) -> Number:
        if depth > _DEPTH:
            raise NotConstant("an expression nested too deeply")
        cursor = self.cursor
        token = cursor.peek()
        if token.text in ("+", "-", "~", "!") and token.kind == "sign":
            cursor.take()
            return _signed(token.text, self._unary(depth + 1))
        if token.text == "sizeof":
            return self._measured(self._meaning.size)
        if token.text in ("_Alignof", "__alignof__", "__alignof", "alignof"):
            return self._measured(self._meaning.alignment)
        if token.text == "(":
            return self._bracketed(depth)
        return self._primary(cursor.take())

    def _measured(self, measure: Callable[[Cursor], int]) -> Number:
        self.cursor.take()
        if self.cursor.text != "(":
            raise NotConstant("the size of an expression")
        inner = Cursor(self.cursor.balanced())
        if not self._meaning.starts_type(inner):
            if len(inner.tokens) == 1 and inner.peek().kind == "string":
                return self._primary(inner.take())
            raise NotConstant("the size of an expression")
        return Number(measure(inner), "unsigned long")

    def _bracketed(self, depth: int) -> Number:
        inner = Cursor(self.cursor.balanced())
        if self._meaning.starts_type(inner):
            kind = self._meaning.arithmetic(inner)
            if self.cursor.text == "{":
                raise NotConstant("a compound literal")
            return converted(self._unary(depth + 1), kind)
        reader = _Reader(inner, self._meaning)
        found = reader.conditional(depth + 1)
        if not inner.ended:
            raise NotConstant(f"{inner.text!r} is no part of a constant")
        return found

    def _primary(self, token: Token) -> Number:
        if token.kind == "number":
            return number_of(token.text)
        if token.kind == "char":
            return character_of(token.text)
        if token.kind == "word":
            if self.cursor.text in ("(", "[", ".", "->"):
                raise NotConstant(f"{token.text} is called or indexed")
            return self._meaning.constant(token.text)
        raise NotConstant(f"{token.text!r} is no constant")


def _signed(sign: str, operand: Number) -> Number:
    if sign == "!":
        return Number(int(not operand.value), "int")
    operand = promoted(operand)
    if sign == "~":
        return converted(Number(~operand.integer, "int"), operand.type)
    return _fitting(-operand.value, operand.type) if sign == "-" else operand


def computed(sign: str, left: Number, right: Number) -> Number:
    """Compute one binary operation as C does.

    Raises
    ------
    NotConstant
        If C leaves the result undefined: overflow, division by zero, a shift too far.
    """
    if sign in ("&&", "||"):
        both = bool(left.value) and bool(right.value)
        return Number(int(both if sign == "&&" else bool(left.value) or bool(right.value)), "int")
    left, right = promoted(left), promoted(right)
    if sign in ("<<", ">>"):
        return _shifted(sign, left, right.integer)
    kind = common_type(left, right)
    left, right = converted(left, kind), converted(right, kind)
    if sign in _COMPARE:
        return Number(int(_COMPARE[sign](left.value, right.value)), "int")
    if sign in ("/", "%"):
        return _divided(sign, left, right, kind)
    if left.is_float and sign in "+-*":
        return Number({"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](left.value, right.value), kind)
    return _fitting(_PLAIN[sign](left.integer, right.integer), kind)


def _divided(sign: str, left: Number, right: Number, kind: str) -> Number:
    if not right.value:
        raise NotConstant("a division by zero")
    if left.is_float and sign == "/":
        return Number(left.value / right.value, kind)
    first, second = left.integer, right.integer
    quotient = abs(first) // abs(second) * (1 if (first < 0) == (second < 0) else -1)
    return _fitting(quotient if sign == "/" else first - quotient * second, kind)


def _shifted(sign: str, left: Number, by: int) -> Number:
    wide = 64 if "long" in left.type else 32
    if not 0 <= by < wide:
        raise NotConstant(f"a shift by {by}")
    if sign == ">>":
        return Number(left.integer >> by, left.type)
    # Compilers define what the standard does not: a signed number keeps the bits that are shifted into its sign.
    return converted(Number(left.integer << by, left.type), left.type)


def _fitting(value: int | float, kind: str) -> Number:
    number = Number(value, kind)
    if isinstance(value, float):
        return number
    wrapped = converted(number, kind)
    if wrapped.value != value and not kind.startswith("unsigned"):
        raise NotConstant("a signed number overflows")
    return wrapped
