"""From the units of a C project to a Python package that imports: types, constants, a stub for every function."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.python.names import (
    CONSTANTS_MODULE,
    TYPES_MODULE,
    class_name,
    member_name,
    module_names,
    package_name,
    value_name,
)
from repowright.agent.workflows.translate.python.type_text import TypeWriter, is_own
from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue, Entry
from repowright.repo_tools.c_source.c_types import Enumeration, Record
from repowright.repo_tools.c_source.declarations import DeclarationReader
from repowright.repo_tools.c_source.errors import CParseError, NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.macros import constant_value
from repowright.repo_tools.c_source.numbers import Number, string_bytes
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit

_ZERO = frozenset("(){},*0") | {"void", "NULL"}
STUB = "raise NotImplementedError"
Owned = tuple[TranslationUnit, FunctionDefinition | GlobalVariable]


@dataclass(frozen=True, slots=True)
class Stub:
    """One item of the package.

    Parameters
    ----------
    name, path
        In C.
    file, item
        In Python.
    waits
        Whether it is to be written; variables whose value is known are not.
    """

    name: str
    path: str
    file: str
    item: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Something of the C that the package says otherwise, or not at all, and why."""

    path: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Package:
    """A skeleton.

    Parameters
    ----------
    modules
        Python module by C file.
    """

    name: str
    files: Mapping[str, str]
    modules: Mapping[str, str]
    stubs: tuple[Stub, ...]
    notes: tuple[Otherwise, ...]


def build_package(name: str, units: Sequence[TranslationUnit]) -> Package:
    """Write a package with one module for each C file; files of tests are left out unless there is nothing else."""
    return _Builder(package_name(name), units).package()


class _Builder:
    def __init__(self, name: str, units: Sequence[TranslationUnit]) -> None:
        self._name = name
        self._units = units
        self._catalogue = Catalogue(units)
        self._entries = [each for each in self._catalogue.entries.values() if is_own(each.definition)]
        self._records = self._record_names()
        self._types = TypeWriter(self._catalogue, self._records)
        self._owned = _owned(units)
        self._notes: list[Otherwise] = []
        enums = self._enums()
        self._enum_names = [value_name(class_name(each.key)) for each in enums if not each.key.startswith("@")]
        self._constants = self._constant_lines(enums)
        everywhere = {*self._records.values(), *self._enum_names, *self._constants}
        own = {value_name(item.name) for _, item in self._owned}
        self._modules = module_names([item.site.path for _, item in self._owned], everywhere | own)
        self._everywhere = everywhere
        self._enum_texts = [_enum_text(each) for each in enums if not each.key.startswith("@")]

    def package(self) -> Package:
        stubs: list[Stub] = []
        bodies: dict[str, list[str]] = {module: [] for module in self._modules.values()}
        for unit, item in self._owned:
            module = self._modules[item.site.path]
            text, waits = self._item(unit, item)
            bodies[module].append(text)
            path = f"{self._name}/{module}.py"
            stubs.append(Stub(item.name, item.site.path, path, self._own_name(item), waits))
        files = {
            f"{self._name}/__init__.py": '"""A translation from C, unit by unit."""\n',
            f"{self._name}/{TYPES_MODULE}.py": self._types_text(),
            f"{self._name}/{CONSTANTS_MODULE}.py": self._constants_text(),
        }
        for path, module in self._modules.items():
            files[f"{self._name}/{module}.py"] = self._module_text(path, module, bodies[module])
        return Package(self._name, files, self._modules, tuple(stubs), tuple(self._notes))

    def _record_names(self) -> dict[str, str]:
        taken: set[str] = set()
        found: dict[str, str] = {}
        for entry in sorted(self._entries, key=lambda each: self._catalogue.names[each.identity]):
            known = self._catalogue.names[entry.identity]
            found[known] = name = value_name(class_name(known.removeprefix("r#")), taken)
            taken.add(name)
        return found

    def _enums(self) -> list[Enumeration]:
        found: dict[str, Enumeration] = {}
        for unit in self._units:
            for each in unit.symbols.enums.values():
                if each.site.is_project:
                    found.setdefault(each.key, each)
        return [found[key] for key in sorted(found)]

    def _constant_lines(self, enums: Sequence[Enumeration]) -> dict[str, str]:
        """Enumerators and macros that are one constant in all units, each as its line."""
        found = {
            value_name(name): f"{value_name(name)}: int = {value}"
            for each in enums
            for name, value in each.members
            if value is not None
        }
        own = {value_name(item.name) for _, item in self._owned} | set(self._records.values()) | set(self._enum_names)
        values: dict[str, Number | bytes] = {}
        for unit in self._units:
            for macro in unit.macros:
                name = value_name(macro.name)
                if macro.parameters is not None or not macro.value or name in found or name in own:
                    continue
                try:
                    value = constant_value(macro, unit)
                except NotConstant:
                    continue
                if values.setdefault(name, value) != value:
                    self._notes.append(Otherwise(macro.path, macro.name, "has different values in different files"))
        return found | {name: f"{name}: {_typed(value)}" for name, value in sorted(values.items()) if _typed(value)}

    def _constants_text(self) -> str:
        return "\n".join(['"""Constants: macros and enumerators of the C."""', "", *self._constants.values()]) + "\n"

    def _types_text(self) -> str:
        head = [
            '"""Types of the C: structures as dataclasses whose defaults are zeroed memory, enums as IntEnum."""',
            "",
            "from __future__ import annotations",
            "",
            "from collections.abc import Callable",
            "from dataclasses import dataclass, field",
            "from enum import IntEnum",
            "from typing import Any",
        ]
        records = [self._record_text(each) for each in self._entries]
        return "\n".join(head) + "\n\n\n" + "\n\n\n".join([*self._enum_texts, *records]).strip() + "\n"

    def _record_text(self, entry: Entry) -> str:
        record = entry.definition
        assert isinstance(record, Record)
        name = self._records[self._catalogue.names[entry.identity]]
        lines = ["@dataclass(eq=False)", f"class {name}:", f'    """`{record.site.path}:{record.site.line}`."""', ""]
        if record.kind == "union":
            reason = "is a union; in Python its members do not share their memory"
            self._notes.append(Otherwise(record.site.path, name, reason))
        taken: list[str] = []
        for number, each in enumerate(record.fields):
            if each.bits is not None and not each.name:
                continue
            member = member_name(each.name or f"anonymous_{number}", taken)
            taken.append(member)
            zero = self._types.zero(entry.unit, each.type)
            plain = self._types.is_plain(entry.unit, each.type)
            value = zero if plain else f"field(default_factory=lambda: {zero})"
            lines.append(f"    {member}: {self._types.text(entry.unit, each.type)} = {value}")
        return "\n".join(lines).rstrip()

    def _module_text(self, path: str, module: str, bodies: Sequence[str]) -> str:
        others = sorted(each for each in self._modules.values() if each != module)
        head = [f'"""`{path}`."""', "", "from __future__ import annotations", ""]
        head += ["from collections.abc import Callable", "from typing import Any", ""]
        if others:
            head.append(f"from {self._name} import {', '.join(others)}")
        types = sorted({*self._records.values(), *self._enum_names})
        for source, names in ((TYPES_MODULE, types), (CONSTANTS_MODULE, sorted(self._constants))):
            if names:
                listed = "".join(f"    {each},\n" for each in names)
                head.append(f"from {self._name}.{source} import (\n{listed})")
        return "\n".join(head).rstrip() + "\n\n\n" + "\n\n\n".join(bodies) + "\n"

    def _own_name(self, item: FunctionDefinition | GlobalVariable) -> str:
        return value_name(item.name, {*self._everywhere, *self._modules.values()})

    def _item(self, unit: TranslationUnit, item: FunctionDefinition | GlobalVariable) -> tuple[str, bool]:
        """The text of an item, and whether it waits to be written."""
        name = self._own_name(item)
        place = f"`{item.site.path}:{item.site.line}`"
        if isinstance(item, FunctionDefinition):
            head = f"def {name}({self._parameters(unit, item)}) -> {self._types.result(unit, item.type.result)}:"
            return f'{head}\n    """{place}."""\n    {STUB}', True
        kind, value = self._types.text(unit, item.type), self._value(unit, item)
        return f"{name}: {kind} = {value or '...'}  # {place}", not value

    def _parameters(self, unit: TranslationUnit, item: FunctionDefinition) -> str:
        taken: list[str] = []
        others = [module for module in self._modules.values() if module != self._modules[item.site.path]]
        for number, each in enumerate(item.type.parameters, 1):
            taken.append(value_name(each.name or f"argument_{number}", [*taken, *others]))
        listed = [
            f"{name}: {self._types.parameter(unit, each.type)}"
            for name, each in zip(taken, item.type.parameters, strict=True)
        ]
        return ", ".join([*listed, *(["*more: Any"] if item.type.variadic else [])])

    def _value(self, unit: TranslationUnit, item: GlobalVariable) -> str:
        """The initial value of a variable; empty where it must be written."""
        kind = self._types.text(unit, item.type)
        if all(token.text in _ZERO for token in item.initialiser):
            return self._types.zero(unit, item.type)
        if kind == "bytes | None" and all(token.text.startswith('"') for token in item.initialiser):
            return repr(b"".join(string_bytes(token.text[1:-1]) for token in item.initialiser))
        if kind not in ("int", "float"):
            return ""
        try:
            value = value_of(list(item.initialiser), DeclarationReader(unit.symbols))
        except (CParseError, NotConstant):
            return ""
        return repr(float(value.value) if kind == "float" else int(value.value))


def _owned(units: Sequence[TranslationUnit]) -> list[Owned]:
    """Every definition once, in the order of files and lines, variables before functions."""
    found: dict[tuple[str, str], Owned] = {}
    for unit in units:
        for item in _definitions(unit):
            found.setdefault((item.site.path, item.name), (unit, item))
    ordered = sorted(found.values(), key=_rank)
    return [each for each in ordered if not is_test_path(each[1].site.path)] or ordered


def _definitions(unit: TranslationUnit) -> Iterator[FunctionDefinition | GlobalVariable]:
    yield from unit.variables
    yield from unit.functions


def _rank(owned: Owned) -> tuple[str, bool, int, str]:
    item = owned[1]
    return item.site.path, isinstance(item, FunctionDefinition), item.site.line, item.name


def _enum_text(each: Enumeration) -> str:
    lines = [
        f"class {value_name(class_name(each.key))}(IntEnum):",
        f'    """`{each.site.path}:{each.site.line}`."""',
        "",
    ]
    lines += [f"    {value_name(name)} = {value}" for name, value in each.members if value is not None]
    return "\n".join(lines).rstrip()


def _typed(value: Number | bytes) -> str:
    """Annotation and value of a constant; empty where Python has no literal for it."""
    if isinstance(value, bytes):
        return f"bytes = {value!r}"
    if isinstance(value.value, float):
        return f"float = {value.value!r}" if math.isfinite(value.value) else ""
    return f"int = {int(value.value)}"
