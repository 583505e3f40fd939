"""How Go files find each other: an import names a folder, whose files share their top-level names."""

from __future__ import annotations

from repowright.graph.encode.resolve.common_names import listed
from repowright.graph.encode.resolve.lookup import Bases, Lookup
from repowright.graph.encode.resolve.paths import folder_of
from repowright.graph.encode.resolve.plain import Plain, defined_at, module_thing, the_first
from repowright.graph.encode.resolve.things import CERTAIN, OUTSIDE, Thing, Things, Wanted, qualname_of
from repowright.repo_tools.facts import MODULE, FileFacts, Import

_STANDARD = listed(
    "archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag "
    "fmt go hash html image index io iter log maps math mime net os path plugin reflect regexp runtime slices "
    "sort strconv strings structs sync syscall testing text time unicode unique unsafe weak C"
)
_BUILTINS = listed(
    "append cap clear close complex copy delete imag len make max min new panic print println real recover any "
    "bool byte comparable error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 "
    "uint64 uintptr nil true false iota"
)


class Go(Plain):
    """Names in Go. A package is known by its folder."""

    family = "go"
    super_is_base = False
    builtins = _BUILTINS

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """The folder; at the top of the repository the package's name."""
        folder = folder_of(facts.path)
        if not folder:
            return (f"go-root:{facts.package}",)
        return (f"go:{folder}", f"go:{folder[4:]}") if folder.startswith("src/") else (f"go:{folder}",)

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """A package goes by its alias or the last part of its path."""
        if each.is_star:
            return "*", (each.module, "*", 0)
        return each.alias or _last(each.module), (each.module, "", 0)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """The package."""
        files = self._files(lookup, wanted[0])
        return (module_thing("", folder_of(files[0])),) if files else OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """Every file of the package but its tests."""
        files = self._files(lookup, wanted[0])
        return tuple((each, CERTAIN) for each in files if not each.endswith("_test.go") and each != path)

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """A top-level name of a package."""
        return self._named(lookup, module.entry.key, name)

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """A name of another file of the same package."""
        return self._named(lookup, folder_of(path), name)

    def member_elsewhere(self, lookup: Lookup, line: Bases, name: str) -> Things:
        """A method that stands in another file than its type."""
        for path, entry in line:
            found = self._named(lookup, folder_of(path), f"{qualname_of(entry)}.{name}")
            if found:
                return found
        return ()

    def linked(self, facts: FileFacts, keys: list[str]) -> list[tuple[str, str]]:
        """All top-level names and methods, with the folder they are seen in."""
        folder = folder_of(facts.path)
        return [
            (f"go:{folder}:{definition.qualname}", key)
            for definition, key in zip(facts.definitions, keys, strict=True)
            if definition.parent == MODULE or definition.kind == "method"
        ]

    def _named(self, lookup: Lookup, folder: str, name: str) -> Things:
        return the_first(defined_at(lookup, lookup.world.definers(f"go:{folder}:{name}")))

    def _files(self, lookup: Lookup, module: str) -> tuple[str, ...]:
        parts = module.split("/")
        if parts[0] in _STANDARD:
            return ()
        for start in range(len(parts)):
            found = lookup.world.modules(f"go:{'/'.join(parts[start:])}")
            if found:
                return found
        return lookup.world.modules(f"go-root:{_last(module)}") if "." in parts[0] else ()


def _last(module: str) -> str:
    """The name a package most likely has: the last part of its path, a version aside."""
    parts = [part for part in module.split("/") if not (part[:1] == "v" and part[1:].isdigit())]
    return (parts or [module])[-1].partition(".")[0]
