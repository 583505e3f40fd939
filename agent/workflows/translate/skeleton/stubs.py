"""Stubs of functions and variables, typed as C types them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue
from repowright.agent.workflows.translate.skeleton.constants import number_literal
from repowright.agent.workflows.translate.skeleton.crate import Refused, Stub
from repowright.agent.workflows.translate.skeleton.names import value_name
from repowright.agent.workflows.translate.skeleton.type_text import TypeWriter
from repowright.repo_tools.c_source.c_types import Basic, FunctionType, Tagged
from repowright.repo_tools.c_source.declarations import DeclarationReader
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.numbers import FLOATS, WIDTHS, converted
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit


@dataclass(frozen=True, slots=True)
class Item:
    """One stub and the text of it, or why there is none."""

    text: str
    stub: Stub | None = None
    refused: Refused | None = None


class StubWriter:
    """Writes stubs.

    Parameters
    ----------
    values
        Names of constants and variables, which parameters may not have in Rust.
    exported
        Whether functions that other files see keep their C symbol, as a swap inside the C program needs it.
    """

    def __init__(self, catalogue: Catalogue, values: Collection[str], *, exported: bool) -> None:
        self._types = TypeWriter(catalogue)
        self._values = frozenset(map(value_name, values))
        self._exported = exported
        self._symbols: set[str] = set()

    def function(self, unit: TranslationUnit, function: FunctionDefinition, module: str) -> Item:
        """The stub of a function; one with variable arguments is declared, since it stays in C."""
        site = function.site
        head = f"/// `{site.path}:{site.line}`\n"
        name = value_name(function.name)
        parameters = self._parameters(unit, function.type)
        result = self._types.result(unit, function.type.result)
        if function.type.variadic:
            reason = "takes variable arguments, which stable Rust cannot define; it stays in C"
            declared = f"pub fn {name}({', '.join([*parameters, '...'])}){result};"
            text = "" if function.is_static else f'{head}extern "C" {{\n    {declared}\n}}'
            return Item(text, refused=Refused(site.path, function.name, reason))
        signature = f'pub unsafe extern "C" fn {name}({", ".join(parameters)}){result}'
        symbol = self._symbol(function)
        text = f"{head}{symbol}{signature} {{\n    unimplemented!()\n}}"
        return Item(text, Stub("function", function.name, site.path, module, name, signature))

    def _symbol(self, function: FunctionDefinition) -> str:
        """The attribute that keeps a C symbol: only one function of a crate can have it."""
        if not self._exported or function.is_static or function.name in self._symbols | {"main"}:
            return ""
        self._symbols.add(function.name)
        return "#[no_mangle]\n"

    def _parameters(self, unit: TranslationUnit, kind: FunctionType) -> list[str]:
        used: set[str] = set()
        found: list[str] = []
        for number, each in enumerate(kind.parameters):
            name = value_name(each.name or f"argument_{number}", self._values | used)
            used.add(name)
            found.append(f"{name}: {self._types.parameter(unit, each.type)}")
        return found

    def variable(self, unit: TranslationUnit, variable: GlobalVariable, module: str) -> Item:
        """A variable; what its initialiser does not prove begins as zero and is left to the translation."""
        name = value_name(variable.name)
        site = variable.site
        signature = f"pub static mut {name}: {self._types.text(unit, variable.type)}"
        literal = _initial(unit, variable)
        later = "" if literal or not variable.initialiser else "; its initialiser is not translated yet"
        value = literal or "unsafe { ::core::mem::zeroed() }"
        text = f"/// `{site.path}:{site.line}`{later}\n{signature} = {value};"
        return Item(text, Stub("global", variable.name, site.path, module, name, signature))


def _initial(unit: TranslationUnit, variable: GlobalVariable) -> str:
    """The literal a scalar begins with, if the text proves it."""
    kind = unit.symbols.resolved(variable.type)
    if isinstance(kind, Tagged) or not isinstance(kind, Basic) or not variable.initialiser:
        return ""
    if kind.name not in WIDTHS and kind.name not in FLOATS[:2]:
        return ""
    try:
        value = value_of(variable.initialiser, DeclarationReader(unit.symbols))
        return number_literal(converted(value, kind.name))
    except NotConstant:
        return ""
