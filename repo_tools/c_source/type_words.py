"""The words types are written with, and the one order this reader writes them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from repowright.repo_tools.c_source.c_types import Basic, CType, Unreadable

_STORAGE = "typedef extern static auto register inline __inline __inline__ _Noreturn __thread _Thread_local"
_QUALIFIERS = (
    "const __const __const__ volatile __volatile__ __volatile restrict __restrict __restrict__ _Atomic __unaligned"
)
_BASIC = """
void char short int long float double signed unsigned _Bool __signed__ __signed _Complex __complex__ __int128
__int128_t __uint128_t __builtin_va_list
"""
STORAGE = frozenset(_STORAGE.split())
QUALIFIERS = frozenset(_QUALIFIERS.split())
ALIGN = frozenset({"_Alignas", "alignas"})
TAGS = frozenset({"struct", "union", "enum"})
TYPEOF = frozenset({"typeof", "__typeof__", "__typeof", "_Atomic", "__auto_type"})
_FLOATS = {
    "_Float16": "half",
    "_Float32": "float",
    "_Float64": "double",
    "_Float32x": "double",
    "_Float64x": "long double",
    "_Float128": "__float128",
    "__float128": "__float128",
}
BASIC_WORDS = frozenset(_BASIC.split()) | frozenset(_FLOATS)
TYPE_STARTS = STORAGE | QUALIFIERS | ALIGN | TAGS | TYPEOF | BASIC_WORDS | {"__extension__", "__attribute__"}
_MODES = {"QI": "char", "HI": "short", "SI": "int", "DI": "long", "TI": "__int128", "SF": "float", "DF": "double"}


def basic_of(words: Sequence[str]) -> CType:
    """Return the type that these words name, in whatever order they stand.

    Examples
    --------
    >>> basic_of(["long", "unsigned", "int"])
    Basic(name='unsigned long')
    """
    counted = Counter(_FLOATS.get(word, word.replace("__signed__", "signed").strip()) for word in words)
    if counted["_Complex"] or counted["__complex__"]:
        return Unreadable("a complex number")
    if counted["half"]:
        return Unreadable("a 16-bit floating number")
    for name in ("void", "float", "__float128", "__builtin_va_list"):
        if counted[name]:
            return Basic(name)
    if counted["_Bool"]:
        return Basic("_Bool")
    if counted["double"]:
        return Basic("long double" if counted["long"] else "double")
    unsigned = bool(counted["unsigned"]) or bool(counted["__uint128_t"])
    if counted["__int128"] or counted["__int128_t"] or counted["__uint128_t"]:
        return Basic("unsigned __int128" if unsigned else "__int128")
    if counted["char"]:
        return Basic("unsigned char" if unsigned else "signed char" if counted["signed"] else "char")
    size = "short" if counted["short"] else "long long" if counted["long"] > 1 else "long" if counted["long"] else "int"
    return Basic(f"unsigned {size}" if unsigned else size)


def with_mode(kind: CType, mode: str) -> CType:
    """Return an integer type of the size that a ``mode`` attribute asks for."""
    size = _MODES.get(mode)
    if size is None or not isinstance(kind, Basic):
        return kind
    unsigned = kind.name.startswith("unsigned")
    if size == "char":
        return Basic("unsigned char" if unsigned else "signed char")
    return Basic(f"unsigned {size}" if unsigned else size)
