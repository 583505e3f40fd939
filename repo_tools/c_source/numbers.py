"""Values of constant expressions with their C types, as 64-bit Linux computes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repowright.repo_tools.c_source.errors import NotConstant

WIDTHS = {
    "_Bool": 1,
    "char": 8,
    "signed char": 8,
    "unsigned char": 8,
    "short": 16,
    "unsigned short": 16,
    "int": 32,
    "unsigned int": 32,
    "long": 64,
    "unsigned long": 64,
    "long long": 64,
    "unsigned long long": 64,
}
"""Bits of each integer type."""

FLOATS = ("float", "double", "long double")
_RANK = ("int", "unsigned int", "long", "unsigned long", "long long", "unsigned long long")
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9]\d*)([uUlL]*)\Z")
_FLOAT = re.compile(r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|0[xX][\da-fA-F.]+[pP][+-]?\d+)([fFlL]?)\Z")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIMPLE = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27, "0": 0}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the C type it has."""

    value: int | float
    type: str

    @property
    def is_float(self) -> bool:
        """Whether its type is a floating one."""
        return self.type in FLOATS

    @property
    def integer(self) -> int:
        """The value of an integer.

        Raises
        ------
        NotConstant
            If it is a floating number.
        """
        if isinstance(self.value, int):
            return self.value
        raise NotConstant("an integer is needed where a floating number stands")


def converted(number: Number, name: str) -> Number:
    """Return a number as the arithmetic type of that name holds it.

    Raises
    ------
    NotConstant
        If there is no such arithmetic type, or the value has no place in it.
    """
    if name in FLOATS:
        return Number(float(number.value), name)
    if name not in WIDTHS:
        raise NotConstant(f"{name} is no arithmetic type")
    if name == "_Bool":
        return Number(int(bool(number.value)), name)
    width = WIDTHS[name]
    if number.is_float and not -(1 << 63) <= number.value < 1 << 64:
        raise NotConstant("a floating number is outside every integer type")
    value = int(number.value) & ((1 << width) - 1)
    unsigned = name.startswith("unsigned")
    return Number(value if unsigned or value < 1 << (width - 1) else value - (1 << width), name)


def promoted(number: Number) -> Number:
    """Return a number after integer promotion."""
    return number if number.is_float or number.type in _RANK else Number(number.value, "int")


def common_type(left: Number, right: Number) -> str:
    """Return the type in which two promoted numbers are computed."""
    for name in reversed(FLOATS):
        if name in (left.type, right.type):
            return name
    high, low = sorted((left.type, right.type), key=_RANK.index, reverse=True)
    fits = WIDTHS[high] > WIDTHS[low] or high.startswith("unsigned") or not low.startswith("unsigned")
    return high if fits else f"unsigned {high}"


def number_of(text: str) -> Number:
    """Read a number as written.

    Raises
    ------
    NotConstant
        If it is none that C knows.
    """
    integer = _INTEGER.match(text)
    if integer:
        return _integer(integer[1], integer[2].lower())
    floating = _FLOAT.match(text)
    if floating is None:
        raise NotConstant(f"{text} is no number")
    hexadecimal = floating[1].lower().startswith("0x")
    value = float.fromhex(floating[1]) if hexadecimal else float(floating[1])
    return Number(value, {"f": "float", "l": "long double"}.get(floating[2].lower(), "double"))


def _integer(digits: str, suffix: str) -> Number:
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    value = int(digits, 8) if octal else int(digits, 0)
    longs = "l" in suffix
    for name in _RANK[:4]:
        unsigned = name.startswith("unsigned")
        if ("u" in suffix and not unsigned) or (longs and "long" not in name):
            continue
        if unsigned and "u" not in suffix and digits[0] != "0":
            continue
        if value < 1 << (WIDTHS[name] - (not unsigned)):
            return Number(value, name)
    raise NotConstant(f"{digits} does not fit any integer type")


def character_of(text: str) -> Number:
    """Read a character constant as written.

    Raises
    ------
    NotConstant
        If it holds more than one character, or is wide.
    """
    if not text.startswith("'"):
        raise NotConstant(f"{text} is a wide character")
    data = string_bytes(text[1:-1])
    if len(data) != 1:
        raise NotConstant(f"{text} holds {len(data)} bytes")
    return Number(data[0] - 256 if data[0] > 127 else data[0], "int")


def string_bytes(inner: str) -> bytes:
    """Return the bytes of a string's inside, escapes taken."""
    out = bytearray()
    at = 0
    for match in _ESCAPE.finditer(inner):
        out += inner[at : match.start()].encode("utf-8", "surrogateescape")
        out += _escaped(match)
        at = match.end()
    return bytes(out + inner[at:].encode("utf-8", "surrogateescape"))


def _escaped(match: re.Match[str]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 16) & 0xFF])
    if match[2]:
        return bytes([int(match[2], 8) & 0xFF])
    if match[3] or match[4]:
        return chr(int(match[3] or match[4], 16)).encode("utf-8", "surrogatepass")
    return bytes([_SIMPLE[match[5]]]) if match[5] in _SIMPLE else match[5].encode("utf-8")
