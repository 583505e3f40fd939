"""From the units of a project to a crate that compiles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue
from repowright.agent.workflows.translate.skeleton.constants import write_constants
from repowright.agent.workflows.translate.skeleton.crate import Crate, Refused, Stub
from repowright.agent.workflows.translate.skeleton.definitions import DefinitionWriter
from repowright.agent.workflows.translate.skeleton.names import module_names
from repowright.agent.workflows.translate.skeleton.stubs import Item, StubWriter
from repowright.agent.workflows.translate.skeleton.type_text import TypeWriter
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit

_ALLOWED = (
    "dead_code, improper_ctypes, improper_ctypes_definitions, non_camel_case_types, non_snake_case, "
    "non_upper_case_globals, overflowing_literals, static_mut_refs, unused_imports, unused_mut, unused_unsafe, "
    "unused_variables, clippy::all"
)
_MANIFEST = """[package]
name = "{name}"
version = "0.1.0"
edition = "2021"

[lib]
path = "src/lib.rs"

[workspace]
"""
_USES = "use crate::constants::*;\nuse crate::types::*;"
Owned = tuple[TranslationUnit, FunctionDefinition | GlobalVariable]


def build_skeleton(
    name: str, units: Sequence[TranslationUnit], *, with_tests: bool = False, exported: bool = False
) -> Crate:
    """Write a crate with every type once and a stub for every function, static ones included.

    Parameters
    ----------
    name
        Of the crate.
    with_tests
        Whether files of tests get stubs too; they do where there is nothing else.
    exported
        Whether functions keep their C symbols.
    """
    owned = _owned(units, with_tests=with_tests)
    modules = module_names(item.site.path for _, item in owned)
    catalogue = Catalogue(units)
    definitions = DefinitionWriter(catalogue, TypeWriter(catalogue))
    types = definitions.text()
    others = {item.name for _, item in owned} | set(definitions.enumerators)
    constants = write_constants(units, others)
    values = {item.name for _, item in owned if isinstance(item, GlobalVariable)}
    stubs = StubWriter(catalogue, values | set(definitions.enumerators) | constants.names, exported=exported)
    items = [(modules[item.site.path], _item(stubs, unit, item, modules)) for unit, item in owned]
    files = {
        "Cargo.toml": _MANIFEST.format(name=crate_name(name)),
        "src/lib.rs": _root(sorted(set(modules.values()))),
        "src/types.rs": types,
        "src/constants.rs": constants.text,
        **dict(_modules(modules, items)),
    }
    return Crate(
        crate_name(name),
        files,
        modules,
        _stubs(items),
        tuple(item.refused for _, item in items if item.refused),
        definitions.count,
        len(constants.names),
        (*definitions.notes, *constants.refused),
    )


def crate_name(name: str) -> str:
    """A name that cargo takes."""
    plain = re.sub(r"[^a-z0-9_]", "_", name.lower()).strip("_") or "translated"
    plain = f"c_{plain}" if plain[0].isdigit() else plain
    return f"{plain}_rs" if plain in ("test", "core", "std", "alloc", "proc_macro", "types", "constants") else plain


def _owned(units: Sequence[TranslationUnit], *, with_tests: bool) -> list[Owned]:
    """Every definition once, with the first unit that has it, in the order of files and lines."""
    found: dict[tuple[str, str], Owned] = {}
    for unit in units:
        definitions: Iterable[FunctionDefinition | GlobalVariable] = (*unit.functions, *unit.variables)
        for item in definitions:
            found.setdefault((item.site.path, item.name), (unit, item))
    ordered = [found[key] for key in sorted(found, key=lambda key: (key[0], found[key][1].site.line, key[1]))]
    chosen = [each for each in ordered if with_tests or not is_test_path(each[1].site.path)]
    return chosen or ordered


def _item(
    stubs: StubWriter, unit: TranslationUnit, item: FunctionDefinition | GlobalVariable, modules: dict[str, str]
) -> Item:
    module = modules[item.site.path]
    if isinstance(item, FunctionDefinition):
        return stubs.function(unit, item, module)
    return stubs.variable(unit, item, module)


def _root(modules: Collection[str]) -> str:
    named = "\n".join(f"pub mod {each};" for each in ("constants", "types", *modules))
    return f"//! A translation from C, unit by unit.\n#![allow({_ALLOWED})]\n\n{named}\n"


def _modules(modules: dict[str, str], items: Sequence[tuple[str, Item]]) -> Iterator[tuple[str, str]]:
    for path, module in sorted(modules.items()):
        texts = [item.text for owner, item in items if owner == module and item.text]
        yield f"src/{module}.rs", "\n\n".join([f"//! `{path}`", _USES, *texts]) + "\n"


def _stubs(items: Iterable[tuple[str, Item]]) -> tuple[Stub, ...]:
    return tuple(item.stub for _, item in items if item.stub)


def refused_files(problems: Iterable[tuple[str, str]]) -> tuple[Refused, ...]:
    """Files that the skeleton does not hold, from their paths and reasons."""
    return tuple(Refused(path, "", reason) for path, reason in problems)
