"""Types of C written as types of Rust."""

from __future__ import annotations

from repowright.agent.workflows.translate.skeleton.catalogue import STANDARD, Catalogue
from repowright.agent.workflows.translate.skeleton.names import LONG_DOUBLE, UNKNOWN, VA_LIST
from repowright.repo_tools.c_source.c_types import (
    Array,
    Basic,
    CType,
    FunctionType,
    Named,
    Pointer,
    Tagged,
    Unreadable,
    Vector,
)
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

VOID = "::core::ffi::c_void"
SUPPORT = f"""
/// A `long double`: sixteen bytes that Rust cannot compute with.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct {LONG_DOUBLE}(pub [u8; 16]);

/// What a `va_list` points to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct {VA_LIST} {{
    pub general: u32,
    pub floating: u32,
    pub overflow: *mut {VOID},
    pub saved: *mut {VOID},
}}

/// Something Rust has no type for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct {UNKNOWN} {{
    _bytes: [u8; 0],
}}
"""
"""Types that the text of others may name."""

_BASIC = {
    "void": VOID,
    "_Bool": "bool",
    "char": "::core::ffi::c_char",
    "signed char": "::core::ffi::c_schar",
    "unsigned char": "::core::ffi::c_uchar",
    "short": "::core::ffi::c_short",
    "unsigned short": "::core::ffi::c_ushort",
    "int": "::core::ffi::c_int",
    "unsigned int": "::core::ffi::c_uint",
    "long": "::core::ffi::c_long",
    "unsigned long": "::core::ffi::c_ulong",
    "long long": "::core::ffi::c_longlong",
    "unsigned long long": "::core::ffi::c_ulonglong",
    "float": "::core::ffi::c_float",
    "double": "::core::ffi::c_double",
    "long double": f"crate::types::{LONG_DOUBLE}",
    "__float128": f"crate::types::{LONG_DOUBLE}",
    "__int128": "i128",
    "unsigned __int128": "u128",
    "__builtin_va_list": f"[crate::types::{VA_LIST}; 1]",
}
_VECTORS = {8: "__m64", 16: "__m128i", 32: "__m256i", 64: "__m512i"}
_VECTOR_NAMES = frozenset(
    ["__m128", "__m128i", "__m128d", "__m256", "__m256i", "__m256d", "__m512", "__m512i", "__m512d"]
)


class TypeWriter:
    """Writes the types that a unit mentions.

    Parameters
    ----------
    catalogue
        Has the name of each.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def text(self, unit: TranslationUnit, kind: CType) -> str:
        """The type of a variable or member."""
        if isinstance(kind, Basic):
            return _BASIC.get(kind.name, f"crate::types::{UNKNOWN}")
        if isinstance(kind, Pointer):
            return self._pointer(unit, kind)
        if isinstance(kind, Array):
            return f"[{self.text(unit, kind.element)}; {kind.length or 0}]"
        if isinstance(kind, FunctionType):
            return self.function(unit, kind)
        if isinstance(kind, Vector):
            known = _VECTORS.get(kind.size)
            return f"::core::arch::x86_64::{known}" if known and kind.size > 8 else f"[u8; {kind.size}]"
        if isinstance(kind, Unreadable):
            return f"crate::types::{UNKNOWN}"
        return self._named(unit, kind)

    def _named(self, unit: TranslationUnit, kind: Named | Tagged) -> str:
        if isinstance(kind, Named):
            known = unit.symbols.typedefs.get(kind.name)
            system = known is not None and not known.site.is_project
            if system and kind.name in STANDARD:
                return STANDARD[kind.name]
            if system and kind.name in _VECTOR_NAMES:
                return f"::core::arch::x86_64::{kind.name}"
        return f"crate::types::{self._catalogue.name(unit, kind)}"

    def _pointer(self, unit: TranslationUnit, kind: Pointer) -> str:
        target = unit.symbols.resolved(kind.target)
        if isinstance(target, FunctionType):
            return f"::core::option::Option<{self.text(unit, kind.target)}>"
        return f"*{'const' if kind.const else 'mut'} {self.text(unit, kind.target)}"

    def parameter(self, unit: TranslationUnit, kind: CType) -> str:
        """The type of a parameter: arrays, lists of arguments and functions are passed as pointers."""
        kind = unit.symbols.decayed(kind)
        if unit.symbols.resolved(kind) == Basic("__builtin_va_list"):
            return f"*mut crate::types::{VA_LIST}"
        return self.text(unit, kind)

    def result(self, unit: TranslationUnit, kind: CType) -> str:
        """The arrow and the type of a result; nothing for ``void``."""
        if unit.symbols.resolved(kind) == Basic("void"):
            return ""
        return f" -> {self.text(unit, kind)}"

    def function(self, unit: TranslationUnit, kind: FunctionType) -> str:
        """The type of a pointer to a function that is never null."""
        parameters = [self.parameter(unit, each.type) for each in kind.parameters]
        if kind.variadic:
            parameters.append("...")
        return f'unsafe extern "C" fn({", ".join(parameters)}){self.result(unit, kind.result)}'
