"""GNU attributes, as far as they change what a type or a function is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.expressions import Meaning, value_of
from repowright.repo_tools.c_source.tokens import Token

WORDS = frozenset({"__attribute__", "__attribute"})
ASSEMBLY = frozenset({"asm", "__asm__", "__asm"})
_LARGEST_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Attributes:
    """What attributes say.

    Parameters
    ----------
    align, vector
        Bytes.
    mode
        ``DI`` and the like, which replaces the size of an integer type.
    """

    packed: bool = False
    align: int | None = None
    vector: int | None = None
    mode: str = ""


NONE = Attributes()


def take_attributes(cursor: Cursor, meaning: Meaning, found: Attributes = NONE) -> Attributes:
    """Take all attributes and assembler names that stand here."""
    while True:
        if cursor.text in WORDS:
            cursor.take()
            inner = Cursor(cursor.balanced())
            inner = Cursor(inner.balanced()) if inner.text == "(" else inner
            while not inner.ended:
                found = _one(inner, meaning, found)
                inner.accept(",")
        elif cursor.text in ASSEMBLY and cursor.peek(1).text == "(":
            cursor.take()
            cursor.balanced()
        elif cursor.text == "__extension__":
            cursor.take()
        else:
            return found


def _one(cursor: Cursor, meaning: Meaning, found: Attributes) -> Attributes:
    name = cursor.take().text.strip("_")
    arguments = cursor.balanced() if cursor.text == "(" else []
    if name == "packed":
        return replace(found, packed=True)
    if name == "aligned":
        return replace(found, align=_number(arguments, meaning) or _LARGEST_ALIGNMENT)
    if name == "vector_size":
        return replace(found, vector=_number(arguments, meaning))
    if name == "mode" and arguments:
        return replace(found, mode=arguments[0].text.strip("_"))
    return found


def _number(tokens: list[Token], meaning: Meaning) -> int | None:
    try:
        return value_of(tokens, meaning).integer if tokens else None
    except NotConstant:
        return None
