"""Which definition a name means, over all units of a project: what a linker would find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from repowright.repo_tools.c_source.bodies import Body, CallSite
from repowright.repo_tools.c_source.c_types import FunctionType, Pointer
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit


class Key(NamedTuple):
    """A definition: the file it stands in and its name."""

    path: str
    name: str


class Link(NamedTuple):
    """That one definition needs another, and the line that says so."""

    source: Key
    target: Key
    line: int


@dataclass(frozen=True, slots=True)
class Linked:
    """What the definitions of a project are to each other.

    Parameters
    ----------
    functions, variables
        All definitions, each with the first unit that has it.
    calls
        Calls of functions of the project by their names.
    may_calls
        Calls through pointers, each led to every function whose address is taken and that takes as many arguments.
    addresses, reads
        Functions and variables that are named without being called.
    """

    functions: dict[Key, FunctionDefinition]
    variables: dict[Key, GlobalVariable]
    calls: tuple[Link, ...]
    may_calls: tuple[Link, ...]
    addresses: tuple[Link, ...]
    reads: tuple[Link, ...]


def linked(units: Sequence[TranslationUnit]) -> Linked:
    """Find what every name of every unit means."""
    linker = _Linker(units)
    for unit in units:
        linker.unit(unit)
    return linker.done()


class _Linker:
    def __init__(self, units: Sequence[TranslationUnit]) -> None:
        self.functions: dict[Key, FunctionDefinition] = {}
        self.variables: dict[Key, GlobalVariable] = {}
        self._external: dict[str, list[Key]] = {}
        self._calls: dict[Link, None] = {}
        self._addresses: dict[Link, None] = {}
        self._reads: dict[Link, None] = {}
        self._indirect: dict[tuple[Key, int, int], None] = {}
        for unit in units:
            for function in unit.functions:
                key = Key(function.site.path, function.name)
                self.functions.setdefault(key, function)
                self._offer(key, function.is_static)
            for variable in unit.variables:
                key = Key(variable.site.path, variable.name)
                self.variables.setdefault(key, variable)
                self._offer(key, variable.is_static)

    def _offer(self, key: Key, static: bool) -> None:
        known = self._external.setdefault(key.name, [])
        if not static and key not in known:
            known.append(key)

    def unit(self, unit: TranslationUnit) -> None:
        items: tuple[FunctionDefinition | GlobalVariable, ...] = (*unit.variables, *unit.functions)
        own = {each.name: Key(each.site.path, each.name) for each in items}
        for function in unit.functions:
            self._body(Key(function.site.path, function.name), function.body, own, unit)
        for variable in unit.variables:
            self._body(Key(variable.site.path, variable.name), variable.body, own, unit)

    def _body(self, source: Key, body: Body, own: dict[str, Key], unit: TranslationUnit) -> None:
        for call in body.calls:
            target = self._meant(call.name, source, own, unit)
            if target in self.functions:
                self._calls[Link(source, target, call.line)] = None
            elif target is not None or self._is_pointer(call, unit):
                self._indirect[source, call.line, call.arguments] = None
                if target is not None:
                    self._reads[Link(source, target, call.line)] = None
        for indirect in body.indirect:
            self._indirect[source, indirect.line, indirect.arguments] = None
        for name in body.names:
            target = self._meant(name, source, own, unit)
            if target is not None and target in self.functions:
                self._addresses[Link(source, target, 0)] = None
            elif target is not None and target != source:
                self._reads[Link(source, target, 0)] = None

    def _meant(self, name: str, source: Key, own: dict[str, Key], unit: TranslationUnit) -> Key | None:
        """The unit's own definition, else the external one that is nearest; a static elsewhere is never meant."""
        if name in own:
            return own[name]
        if name not in unit.prototypes and name not in unit.extern_variables and name not in self._external:
            return None
        found = self._external.get(name, [])
        return min(found, key=lambda key: (_apart(source.path, key.path), key), default=None)

    def _is_pointer(self, call: CallSite, unit: TranslationUnit) -> bool:
        kind = unit.extern_variables.get(call.name)
        return kind is not None and isinstance(unit.symbols.resolved(kind), Pointer)

    def done(self) -> Linked:
        return Linked(
            self.functions,
            self.variables,
            tuple(self._calls),
            tuple(self._may_calls()),
            tuple(self._addresses),
            tuple(self._reads),
        )

    def _may_calls(self) -> Iterator[Link]:
        taken = sorted({link.target for link in self._addresses})
        found: dict[tuple[Key, Key], Link] = {}
        for source, line, arguments in self._indirect:
            for target in taken:
                if _takes(self.functions[target].type, arguments):
                    found.setdefault((source, target), Link(source, target, line))
        yield from found.values()


def _takes(kind: FunctionType, arguments: int) -> bool:
    wanted = len(kind.parameters)
    return arguments == wanted or (kind.variadic and arguments >= wanted)


def _apart(here: str, there: str) -> int:
    """Folders between two files."""
    first, second = here.split("/")[:-1], there.split("/")[:-1]
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    return len(first) + len(second) - 2 * common
