"""How Python files find each other: packages, namespace packages, relative imports, source folders."""

from __future__ import annotations

import sys
from functools import cached_property, lru_cache

from repowright.graph.encode.resolve.common_names import python_builtins
from repowright.graph.encode.resolve.lookup import Lookup
from repowright.graph.encode.resolve.paths import folder_of, shared_folders
from repowright.graph.encode.resolve.plain import Plain, module_thing
from repowright.graph.encode.resolve.things import (
    AMBIGUOUS,
    CERTAIN,
    OUTSIDE,
    ROOT,
    STAR,
    Thing,
    Things,
    Wanted,
    external,
    less_sure,
)
from repowright.repo_tools.facts import FileFacts, Import

_SOURCE_FOLDERS = frozenset({"src", "lib", "python", "source", "sources", "Lib", "site-packages"})
_PACKAGE = "/__init__"


class Python(Plain):
    """Names in Python.

    A module is known by its place: the path of its file without ending, or its folder for a package.
    """

    family = "py"
    first_is_receiver = True

    @cached_property
    def builtins(self) -> frozenset[str]:  # type: ignore[override]
        """Names of the module ``builtins``."""
        return python_builtins()

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """Every dotted name the file has seen from one of the folders above it, and the folder as a package."""
        place = _place(facts.path)
        if not place:
            return ()
        parts = place.split("/")
        names = tuple(f"py:{'.'.join(parts[start:])}" for start in range(len(parts)))
        return (*names, f"py-package:{place}" if _is_package(facts.path) else f"py-in:{folder_of(place)}")

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """The name an import binds and what it asks for."""
        if each.is_star:
            return STAR, (each.module, STAR, each.level)
        if each.name:
            return each.alias or each.name, (each.module, each.name, each.level)
        if each.alias or "." not in each.module:
            return each.alias or each.module, (each.module, "", each.level)
        return each.module.partition(".")[0], (each.module, ROOT, each.level)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """What an import brings in: a module, or a name or submodule of one."""
        dotted, name, level = wanted
        module = self._module(lookup, path, dotted, level)
        if name == ROOT:
            return OUTSIDE if module is None else (self._first(lookup, module, dotted),)
        if name in ("", STAR):
            return OUTSIDE if module is None else (module,)
        if module is None:
            below = self._module(lookup, path, f"{dotted}.{name}", level) if not level else None
            return OUTSIDE if below is None else (below,)
        found = lookup.symbol(module.path, name) if module.path and module.path != path else ()
        if found and not external(found):
            return less_sure(found, module.sure)
        return self.child(lookup, module, name) or OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """The file an import names; where a submodule is taken from a package, the submodule's."""
        dotted, name, level = wanted
        module = self._module(lookup, path, dotted, level)
        if name not in ("", STAR, ROOT) and (module is None or not _defines(lookup, module, name)):
            below = self.child(lookup, module, name) if module else self.imported(lookup, path, wanted)
            files = tuple((each.path, each.sure) for each in below if each.role == "module" and each.path)
            if files:
                return files
        return ((module.path, module.sure),) if module is not None and module.path else ()

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """A submodule of a package."""
        if module.path and not _is_package(module.path):
            return ()
        below = f"{module.entry.key}/{name}" if module.entry.key else name
        found = _file_at(lookup, below)
        # A folder without a file of its own is a package all the same if modules lie in it.
        if found or (not module.path and lookup.world.modules(f"py-in:{below}")):
            return (module_thing(found, below, module.sure),)
        return ()

    def _module(self, lookup: Lookup, path: str, dotted: str, level: int) -> Thing | None:
        at = (folder_of(path), dotted, level)
        try:
            return lookup.places[at]
        except KeyError:
            find = _relative if level else _absolute
            found = lookup.places[at] = find(lookup, path, dotted, level)
            return found

    def _first(self, lookup: Lookup, module: Thing, dotted: str) -> Thing:
        """The outermost package of a dotted import, whose name is what ``import a.b`` binds."""
        parts = module.entry.key.split("/")
        place = "/".join(parts[: len(parts) - dotted.count(".")])
        return module_thing(_file_at(lookup, place), place, module.sure)


def _absolute(lookup: Lookup, path: str, dotted: str, level: int) -> Thing | None:
    found = lookup.world.modules(f"py:{dotted}")
    if len(found) == 1 and _place(found[0]) == dotted.replace(".", "/"):
        return module_thing(found[0], _place(found[0]))
    usable = _usable(lookup, path, dotted, found) if found else []
    if not usable:
        return None
    inside, best = usable[0]
    sure = CERTAIN if inside or len(usable) == 1 else AMBIGUOUS
    return module_thing(best, _place(best), sure)


def _relative(lookup: Lookup, path: str, dotted: str, level: int) -> Thing | None:
    folders = path.split("/")[:-1]
    if level - 1 > len(folders):
        return None
    place = "/".join(folders[: len(folders) - level + 1] + (dotted.split(".") if dotted else []))
    found = _file_at(lookup, place) if place else ""
    return module_thing(found, place) if found or not dotted else None


def _usable(lookup: Lookup, importer: str, dotted: str, found: tuple[str, ...]) -> list[tuple[bool, str]]:
    """The files an absolute import may mean, the likeliest first, each with whether its root is above the importer.

    A file answers to a dotted name only if the folder that the name starts from can be on the import path: it is
    no package itself, and it lies above the importer or looks like a source folder.
    """
    top = dotted.partition(".")[0]
    rated = []
    for path in found:
        place = _place(path)
        root = place[: len(place) - len(dotted)].rstrip("/")
        if root and lookup.world.modules(f"py-package:{root}"):
            continue
        inside = not root or importer.startswith(f"{root}/")
        lone = "/" not in place[len(root) :].lstrip("/") and not _is_package(path)
        known = root.rpartition("/")[2] in _SOURCE_FOLDERS
        if inside or known or not (lone or top in sys.stdlib_module_names):
            shared = shared_folders(importer, path)
            rated.append((not inside, -shared, path.endswith(".pyi"), not _is_package(path), path))
    return [(not outside, path) for outside, _, _, _, path in sorted(rated)]


def _file_at(lookup: Lookup, place: str) -> str:
    """The file of the module at a place; empty if there is none."""
    found = lookup.world.modules(f"py:{place.replace('/', '.')}")
    exact = [path for path in found if _place(path) == place]
    if len(exact) < 2:
        return exact[0] if exact else ""
    return min(exact, key=lambda path: (path.endswith(".pyi"), not _is_package(path), path), default="")


def _defines(lookup: Lookup, module: Thing, name: str) -> bool:
    return bool(module.path) and lookup.entry(module.path, name) is not None


@lru_cache(maxsize=1 << 14)
def _place(path: str) -> str:
    stem = path.rpartition(".")[0]
    return stem[: -len(_PACKAGE)] if stem.endswith(_PACKAGE) else "" if stem == "__init__" else stem


def _is_package(path: str) -> bool:
    return path.endswith(("/__init__.py", "/__init__.pyi")) or path in ("__init__.py", "__init__.pyi")
