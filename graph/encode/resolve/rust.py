"""How Rust files find each other: modules by their files, ``crate``, ``self``, ``super``, crates of one workspace."""

from __future__ import annotations

from repowright.graph.encode.resolve.common_names import listed
from repowright.graph.encode.resolve.lookup import Bases, Lookup
from repowright.graph.encode.resolve.paths import folder_of, nearest
from repowright.graph.encode.resolve.plain import Plain, defined_at, module_thing, the_first
from repowright.graph.encode.resolve.things import CERTAIN, OUTSIDE, STAR, Thing, Things, Wanted, external, qualname_of
from repowright.repo_tools.facts import MODULE, FileFacts, Import

_ROOTS = ("lib.rs", "main.rs")
_OUTSIDE = frozenset({"std", "core", "alloc", "proc_macro", "test"})
_BUILTINS = listed(
    "Some None Ok Err Box Vec String Option Result println print eprintln eprint format vec panic assert "
    "assert_eq assert_ne debug_assert write writeln matches todo unimplemented unreachable dbg include_str "
    "include_bytes env concat stringify cfg drop Default"
)


class Rust(Plain):
    """Names in Rust. A module is known by the folder its children live in."""

    family = "rs"
    super_is_base = False
    builtins = _BUILTINS

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """The folder of its children; the root of a crate also by the crate's name."""
        home = _home(facts.path)
        name = facts.path.rpartition("/")[2]
        roots = (f"rs-root:{home}",) if name in _ROOTS else ()
        if name == "lib.rs":
            crate = home.removesuffix("/src").rpartition("/")[2].replace("-", "_")
            return (f"rs:{home}", *roots, f"rs-crate:{crate}")
        return (f"rs:{home}", *roots)

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """The name a ``use`` or ``mod`` binds and what it asks for."""
        if each.is_star:
            return STAR, (each.module, STAR, 0)
        last = each.name or each.module.rpartition("::")[2]
        return each.alias or last, (each.module, each.name, each.level)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """What a path leads to."""
        parts = wanted[0].replace(".", "::").split("::") if wanted[0] else []
        parts += [wanted[1]] if wanted[1] not in ("", STAR, "self") else []
        return self._walk(lookup, path, parts) or OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """The file of the module, or of what is taken from it."""
        found = self.imported(lookup, path, wanted)
        files = ((thing.path, thing.sure) for thing in found if thing.path and thing.path != path)
        return tuple(dict(files).items())

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """A module below."""
        return self._at(lookup, f"{module.entry.key}/{name}".lstrip("/"), module.path)

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """The words that begin a path, or a crate of the workspace."""
        if name == "crate":
            return self._at(lookup, _crate_home(lookup, path), path)
        if name == "super":
            return self._at(lookup, folder_of(_home(path)), path)
        return self._crate(lookup, path, name) if name.islower() and name not in _OUTSIDE else ()

    def member_elsewhere(self, lookup: Lookup, line: Bases, name: str) -> Things:
        """A method of an ``impl`` that stands in another file than its type."""
        for path, entry in line:
            definers = dict(lookup.world.definers(f"rs:{qualname_of(entry)}.{name}"))
            ordered = tuple((each, definers[each]) for each in nearest(path, definers))
            if ordered:
                return the_first(defined_at(lookup, ordered))
        return ()

    def linked(self, facts: FileFacts, keys: list[str]) -> list[tuple[str, str]]:
        """Methods of types that stand elsewhere."""
        return [
            (f"rs:{definition.qualname}", key)
            for definition, key in zip(facts.definitions, keys, strict=True)
            if definition.kind == "method" and definition.parent == MODULE
        ]

    def _walk(self, lookup: Lookup, path: str, parts: list[str]) -> Things:
        if not parts:
            return ()
        first, rest = parts[0], parts[1:]
        if first == "self":
            things: Things = (module_thing(path, _home(path)),)
        elif first == "super":
            up = _home(path)
            while parts and parts[0] == "super":
                up, parts = folder_of(up), parts[1:]
            things, rest = self._at(lookup, up, path), parts
        elif first == "crate":
            things = self._at(lookup, _crate_home(lookup, path), path)
        else:
            things = self._first(lookup, path, first)
        for part in rest:
            things = tuple(each for thing in things for each in lookup.member(thing, part))
        return things

    def _first(self, lookup: Lookup, path: str, name: str) -> Things:
        """A module below this one, a name of this file, or a crate."""
        below = self._at(lookup, f"{_home(path)}/{name}".lstrip("/"), path)
        if below or name in _OUTSIDE:
            return below
        entry = lookup.entry(path, name)
        if entry is not None and not entry.imports:
            found = lookup.symbol(path, name)
            return () if external(found) else found
        return self._crate(lookup, path, name)

    def _crate(self, lookup: Lookup, path: str, name: str) -> Things:
        """A crate of the workspace; its folder often leaves out the first word of its name."""
        while name:
            found = nearest(path, lookup.world.modules(f"rs-crate:{name}"))
            if found:
                return (module_thing(found[0], _home(found[0])),)
            name = name.partition("_")[2]
        return ()

    def _at(self, lookup: Lookup, home: str, importer: str) -> Things:
        found = lookup.world.modules(f"rs:{home}")
        if not found:
            return ()
        # A package may hold a library and a program; a program's modules see the program.
        best = importer if importer in found else found[0]
        return (module_thing(best, home, CERTAIN),)


def _home(path: str) -> str:
    """The folder in which the modules below a file live."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".rs")
    if name in _ROOTS or name == "mod.rs" or (name == "build.rs" and not folder.endswith("src")):
        return folder
    return f"{folder}/{stem}" if folder else stem


def _crate_home(lookup: Lookup, path: str) -> str:
    """The folder of the crate's root: the innermost above that has a root file; elsewhere each file is a crate."""
    folder = folder_of(path)
    while folder:
        if lookup.world.modules(f"rs-root:{folder}"):
            return folder
        folder = folder_of(folder)
    return _home(path)
