"""Types of C written as annotations of Python, and the values that zeroed memory of a type becomes.

Numbers are ``int`` and ``float``, enums ``int``. A pointer may be ``None``. Characters that are only read are ``bytes``
without a closing zero, others ``bytearray``; a pointer to other numbers is a ``list``, of one element where C points to
one number. A pointer to a structure is the object, a pointer to a pointer a list. Arrays are lists, of characters
``bytearray``.
"""

from __future__ import annotations

from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue
from repowright.repo_tools.c_source.c_types import (
    Array,
    Basic,
    CType,
    FunctionType,
    Named,
    Pointer,
    Record,
    Tagged,
)
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

_FLOATS = frozenset({"float", "double", "long double", "__float128"})
_CHARACTERS = frozenset({"char", "signed char", "unsigned char"})


class TypeWriter:
    """Writes the types that a unit mentions.

    Parameters
    ----------
    names
        Of the structures, by what the catalogue knows them as.
    """

    def __init__(self, catalogue: Catalogue, names: dict[str, str]) -> None:
        self._catalogue = catalogue
        self._names = names

    def text(self, unit: TranslationUnit, kind: CType) -> str:
        """The annotation of a variable, member or parameter."""
        seen = unit.symbols.resolved(kind)
        if isinstance(seen, Basic):
            return _number(seen)
        if isinstance(seen, Pointer):
            return self._pointer(unit, seen)
        if isinstance(seen, Array):
            return "bytearray" if _is_character(unit, seen.element) else f"list[{self.text(unit, seen.element)}]"
        if isinstance(seen, FunctionType):
            return self._function(unit, seen)
        if isinstance(seen, Tagged):
            return "int" if seen.kind == "enum" else self._record(unit, seen)
        return "Any"

    def result(self, unit: TranslationUnit, kind: CType) -> str:
        """The annotation of a result; characters are handed back as ``bytes``."""
        seen = unit.symbols.resolved(kind)
        if seen == Basic("void"):
            return "None"
        if isinstance(seen, Pointer) and _is_character(unit, seen.target):
            return "bytes | None"
        return self.text(unit, kind)

    def parameter(self, unit: TranslationUnit, kind: CType) -> str:
        """The annotation of a parameter: arrays and functions are passed as pointers."""
        return self.text(unit, unit.symbols.decayed(kind))

    def _pointer(self, unit: TranslationUnit, kind: Pointer) -> str:
        target = unit.symbols.resolved(kind.target)
        if isinstance(target, FunctionType):
            return self._function(unit, target)
        if _is_character(unit, target):
            return "bytes | None" if kind.const else "bytearray | None"
        inner = self.text(unit, target)
        if target == Basic("void") or inner == "Any":
            return "Any"
        if isinstance(target, Tagged) and target.kind != "enum":
            return f"{inner} | None"
        return f"list[{inner}] | None"

    def _function(self, unit: TranslationUnit, kind: FunctionType) -> str:
        parameters = ", ".join(self.parameter(unit, each.type) for each in kind.parameters)
        listed = "..." if kind.variadic or not kind.prototyped else f"[{parameters}]"
        return f"Callable[{listed}, {self.result(unit, kind.result)}] | None"

    def _record(self, unit: TranslationUnit, kind: Named | Tagged) -> str:
        return self._names.get(self._catalogue.name(unit, kind), "Any")

    def zero(self, unit: TranslationUnit, kind: CType) -> str:
        """The value of zeroed memory, as an expression that makes a new one each time."""
        seen = unit.symbols.resolved(kind)
        if isinstance(seen, Basic):
            return "0.0" if _number(seen) == "float" else "0"
        if isinstance(seen, Array):
            count = seen.length or 0
            if _is_character(unit, seen.element):
                return f"bytearray({count})"
            return f"[{self.zero(unit, seen.element)} for _ in range({count})]"
        if isinstance(seen, Tagged):
            name = "" if seen.kind == "enum" else self._record(unit, seen)
            return "0" if not name else f"{name}()" if name != "Any" else "None"
        return "None"

    def is_plain(self, unit: TranslationUnit, kind: CType) -> bool:
        """Tell whether a value of a type never changes, so that it can be a default as it is."""
        seen = unit.symbols.resolved(kind)
        whole = isinstance(seen, Array) or (isinstance(seen, Tagged) and seen.kind != "enum")
        return not whole or self.zero(unit, kind) == "None"


def is_own(definition: object) -> bool:
    """Tell whether a definition is a structure of the project."""
    return isinstance(definition, Record) and definition.site.is_project


def _number(kind: Basic) -> str:
    if kind.name == "void":
        return "None"
    return "float" if kind.name in _FLOATS else "Any" if kind.name == "__builtin_va_list" else "int"


def _is_character(unit: TranslationUnit, kind: CType) -> bool:
    seen = unit.symbols.resolved(kind)
    return isinstance(seen, Basic) and seen.name in _CHARACTERS
