"""How JavaScript and TypeScript files find each other: relative paths, index files, packages of one workspace."""

from __future__ import annotations

import re

from repowright.graph.encode.resolve.common_names import listed
from repowright.graph.encode.resolve.lookup import Lookup
from repowright.graph.encode.resolve.paths import folder_of, joined, nearest
from repowright.graph.encode.resolve.plain import Plain, module_thing
from repowright.graph.encode.resolve.things import (
    AMBIGUOUS,
    CERTAIN,
    OUTSIDE,
    STAR,
    Thing,
    Things,
    Wanted,
    external,
    less_sure,
)
from repowright.repo_tools.facts import FileFacts, Import

_ENDING = re.compile(r"\.(?:d\.)?(?:[cm]?[jt]sx?)$")
_INDEX = re.compile(r"(?:^|/)(?:index)$")
_ENTRY_FOLDERS = ("/src", "/lib", "/dist")
_ORDER = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_BUILTINS = listed(
    "Array Boolean BigInt Date Error Function JSON Map Math Number Object Promise Proxy Reflect RegExp Set String "
    "Symbol WeakMap WeakSet Intl URL Buffer console window document process globalThis require module exports "
    "navigator localStorage sessionStorage setTimeout clearTimeout setInterval parseInt parseFloat isNaN fetch "
    "jQuery $ _ describe it test expect jest vi beforeEach afterEach beforeAll afterAll"
)


class JavaScript(Plain):
    """Names in JavaScript and TypeScript. A module is known by its path without ending."""

    family = "js"
    builtins = _BUILTINS

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """The path without ending; an index file also as its folder, and as the package it is the entry of."""
        place = _ENDING.sub("", facts.path)
        if not _INDEX.search(place):
            return (f"js:{place}",)
        package = _package_of(place).rpartition("/")[2]
        return (f"js:{place}", f"js:{folder_of(place) or '.'}", f"js-package:{package}")

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """The name an import binds and what it asks for."""
        if each.is_star:
            return STAR, (each.module, STAR, 0)
        return each.alias or each.name, (each.module, each.name, 0)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """A module, or what it exports under a name."""
        found = self._file(lookup, path, wanted[0])
        if found is None:
            return OUTSIDE
        if wanted[1] in ("", STAR):
            return (found,)
        things = lookup.symbol(found.path, wanted[1]) if found.path != path else ()
        return less_sure(things, found.sure) if things and not external(things) else OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """The module's file."""
        found = self._file(lookup, path, wanted[0])
        return () if found is None or found.path == path else ((found.path, found.sure),)

    def _file(self, lookup: Lookup, path: str, module: str) -> Thing | None:
        at = (folder_of(path), module, 0)
        if at not in lookup.places:
            lookup.places[at] = self._found(lookup, path, module)
        return lookup.places[at]

    def _found(self, lookup: Lookup, path: str, module: str) -> Thing | None:
        for key in _candidates(folder_of(path), module):
            files = lookup.world.modules(key)
            if files:
                ordered = sorted(nearest(path, files), key=_rank)
                places = {_package_of(_ENDING.sub("", each)) for each in files}
                return module_thing(ordered[0], key, CERTAIN if len(places) == 1 else AMBIGUOUS)
        return None


def _package_of(place: str) -> str:
    """The folder of the package that an index file is the entry of; any other place stays itself."""
    if not _INDEX.search(place):
        return place
    package = folder_of(place)
    for ending in _ENTRY_FOLDERS:
        package = package.removesuffix(ending)
    return package


def _candidates(folder: str, module: str) -> list[str]:
    if module.startswith("."):
        place = joined(folder, module)
        if place is None:
            return []
        return [f"js:{_ENDING.sub('', place) or '.'}", f"js:{place or '.'}"]
    if module[:2] in ("@/", "~/", "#/"):
        return [f"js:src/{_ENDING.sub('', module[2:])}", f"js:{_ENDING.sub('', module[2:])}"]
    name = module.partition("/")[2] if module.startswith("@") else module
    found = [f"js-package:{name}"] if name and "/" not in name else []
    return [*found, f"js:src/{module}"] if "/" in module and not module.startswith("@") else found


def _rank(path: str) -> int:
    """Sources before what was made from them; declarations last."""
    if ".d." in path:
        return len(_ORDER)
    ending = path[path.rfind(".") :]
    return _ORDER.index(ending) if ending in _ORDER else len(_ORDER)
