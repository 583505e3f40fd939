"""Constants of the crate: object-like macros whose value is proved."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from repowright.agent.workflows.translate.skeleton.crate import Refused
from repowright.agent.workflows.translate.skeleton.names import value_name
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.macros import constant_value
from repowright.repo_tools.c_source.numbers import Number
from repowright.repo_tools.c_source.tokens import Macro
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

_TYPES = {
    "int": "::core::ffi::c_int",
    "unsigned int": "::core::ffi::c_uint",
    "long": "::core::ffi::c_long",
    "unsigned long": "::core::ffi::c_ulong",
    "long long": "::core::ffi::c_longlong",
    "unsigned long long": "::core::ffi::c_ulonglong",
    "char": "::core::ffi::c_char",
    "signed char": "::core::ffi::c_schar",
    "unsigned char": "::core::ffi::c_uchar",
    "short": "::core::ffi::c_short",
    "unsigned short": "::core::ffi::c_ushort",
    "_Bool": "bool",
    "float": "::core::ffi::c_float",
    "double": "::core::ffi::c_double",
    "long double": "::core::ffi::c_double",
}


@dataclass(frozen=True, slots=True)
class Constants:
    """The module of constants.

    Parameters
    ----------
    names
        Macros it holds, by name in C.
    """

    text: str
    names: frozenset[str]
    refused: tuple[Refused, ...]


def write_constants(units: Iterable[TranslationUnit], taken: Collection[str]) -> Constants:
    """Write every macro of the project that is one constant in all units.

    Parameters
    ----------
    taken
        Names that stand for something else already.
    """
    found: dict[str, tuple[Macro, Number | bytes]] = {}
    refused: dict[str, Refused] = {}
    for unit in units:
        for macro in unit.macros:
            if macro.name in taken or macro.parameters is not None or not macro.value:
                continue
            try:
                value = constant_value(macro, unit)
            except NotConstant as err:
                refused.setdefault(
                    macro.name, Refused(macro.path, macro.name, f"is no provable constant: {err.message}")
                )
                continue
            known = found.setdefault(macro.name, (macro, value))
            if known[1] != value:
                refused[macro.name] = Refused(macro.path, macro.name, "has different values in different files")
    kept = {name: found[name] for name in sorted(found) if name not in refused}
    items = [_item(macro, value) for macro, value in kept.values()]
    text = "\n\n".join(["//! Constants that macros stand for.", *(item for item in items if item)]) + "\n"
    return Constants(text, frozenset(kept), tuple(refused[name] for name in sorted(refused)))


def _item(macro: Macro, value: Number | bytes) -> str:
    head = f"/// `{macro.path}:{macro.line}`\n" if macro.path else ""
    name = value_name(macro.name)
    if isinstance(value, bytes):
        return f"{head}pub const {name}: &[u8; {len(value) + 1}] = {byte_string(value)};"
    literal = number_literal(value)
    return f"{head}pub const {name}: {_TYPES[value.type]} = {literal};" if literal else ""


def number_literal(number: Number) -> str:
    """A number as Rust writes it; empty where it has no literal."""
    if number.type == "_Bool":
        return "true" if number.value else "false"
    if isinstance(number.value, float):
        return repr(number.value) if math.isfinite(number.value) else ""
    return str(number.value)


def byte_string(data: bytes) -> str:
    """Bytes and their closing zero as Rust writes them."""
    shown = "".join(chr(each) if 32 <= each < 127 and each not in b'"\\' else f"\\x{each:02x}" for each in data)
    return f'b"{shown}\\0"'
