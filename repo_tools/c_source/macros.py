"""Object-like macros that are constants, and how it is known that they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.repo_tools.c_source.declarations import DeclarationReader
from repowright.repo_tools.c_source.errors import CParseError, NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.numbers import Number, string_bytes
from repowright.repo_tools.c_source.tokens import Macro, Token, plain_tokens
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

_LARGEST = 2_000
"""Tokens of an expansion; longer ones are no constants a person would read."""


def constant_value(macro: Macro, unit: TranslationUnit) -> Number | bytes:
    """Return the number or the string, without its closing zero, that a macro stands for wherever it is used.

    Raises
    ------
    NotConstant
        If it takes parameters, changes on the way, or its value cannot be proved.
    """
    if macro.parameters is not None:
        raise NotConstant(f"{macro.name} takes parameters")
    if macro.name in unit.changed_macros:
        raise NotConstant(f"{macro.name} is defined more than once")
    tokens = expanded(plain_tokens(macro.value), unit.all_macros, unit.changed_macros)
    if not tokens:
        raise NotConstant(f"{macro.name} stands for nothing")
    while len(tokens) > 2 and tokens[0].text == "(" and tokens[1].kind == "string" and tokens[-1].text == ")":
        tokens = tokens[1:-1]
    if all(token.kind == "string" for token in tokens):
        return _string(tokens)
    try:
        return value_of(tokens, DeclarationReader(unit.symbols))
    except CParseError as err:
        raise NotConstant(f"{macro.name} is no expression: {err}") from err


def _string(tokens: Sequence[Token]) -> bytes:
    if any(not token.text.startswith('"') for token in tokens):
        raise NotConstant("a string of wide characters")
    return b"".join(string_bytes(token.text[1:-1]) for token in tokens)


def expanded(
    tokens: Sequence[Token],
    macros: Mapping[str, Macro],
    changed: frozenset[str],
    around: frozenset[str] = frozenset(),
) -> list[Token]:
    """Replace object-like macros until none is left.

    Raises
    ------
    NotConstant
        If a macro with parameters, or one that changes, is among them, or the expansion grows too long.
    """
    found: list[Token] = []
    for token in tokens:
        macro = macros.get(token.text) if token.kind == "word" and token.text not in around else None
        if macro is None:
            found.append(token)
        elif macro.parameters is not None or macro.name in changed or "##" in macro.value:
            raise NotConstant(f"{macro.name} is no plain constant")
        else:
            inner = plain_tokens(macro.value)
            found += expanded(inner, macros, changed, around | {macro.name})
        if len(found) > _LARGEST:
            raise NotConstant("an expansion that is too long")
    return found
