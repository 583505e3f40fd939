"""How Java files find each other: packages, whose types see one another, and imports of types and members."""

from __future__ import annotations

from repowright.graph.encode.resolve.common_names import listed
from repowright.graph.encode.resolve.lookup import Lookup
from repowright.graph.encode.resolve.paths import nearest
from repowright.graph.encode.resolve.plain import Plain, module_thing
from repowright.graph.encode.resolve.things import (
    AMBIGUOUS,
    CERTAIN,
    OUTSIDE,
    STAR,
    TYPE_TAGS,
    Thing,
    Things,
    Wanted,
    external,
    less_sure,
)
from repowright.repo_tools.facts import MODULE, FileFacts, Import

_DEEPEST = 30
_LANGUAGE = listed(
    "Appendable ArithmeticException AssertionError AutoCloseable Boolean Byte CharSequence Character Class ClassLoader "
    "Cloneable Comparable Deprecated Double Enum Error Exception Float FunctionalInterface IllegalArgumentException "
    "IllegalStateException IndexOutOfBoundsException Integer Iterable Long Math NullPointerException Number Object "
    "Override Process Record Runnable Runtime RuntimeException Short StackTraceElement StrictMath String StringBuffer "
    "StringBuilder SuppressWarnings System Thread ThreadLocal Throwable UnsupportedOperationException Void"
)


class Java(Plain):
    """Names in Java. A package is a module without a file; a type is known by its full name."""

    family = "java"
    members_in_scope = True
    builtins = _LANGUAGE

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """The full name of each top-level type, and the package."""
        prefix = f"{facts.package}." if facts.package else ""
        types = [each.name for each in facts.definitions if each.parent == MODULE and each.kind in TYPE_TAGS]
        return (*(f"java:{prefix}{name}" for name in types), f"java-package:{facts.package}")

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """A type or member goes by its last name."""
        if each.is_star:
            return STAR, (each.module, STAR, 0)
        full = f"{each.module}.{each.name}" if each.name else each.module
        return full.rpartition(".")[2], (full, "", 0)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """A type, a member of one, or what a star stands for: a package or type."""
        found = self._full(lookup, path, wanted[0])
        if found or wanted[1]:
            return found or OUTSIDE
        known = lookup.world.modules(f"java-package:{wanted[0]}")
        return (module_thing("", wanted[0]),) if known else OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """The file of the type; for a star over a package, nothing."""
        found = self._full(lookup, path, wanted[0])
        return tuple((thing.path, thing.sure) for thing in found if thing.path and thing.path != path)

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """A type of a package, or a package below."""
        full = f"{module.entry.key}.{name}" if module.entry.key else name
        return self._full(lookup, module.path, full)

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """A type of the same package, by its bare name."""
        entry = lookup.entry(path, "__package__")
        package = f"{entry.key}." if entry is not None and entry.key else ""
        return self._type(lookup, path, f"{package}{name}")

    def _full(self, lookup: Lookup, path: str, full: str) -> Things:
        """A type by its full name, or what is reached from one."""
        found = self._type(lookup, path, full)
        outer, dot, name = full.rpartition(".")
        if found or not dot or full.count(".") > _DEEPEST or not outer[outer.rfind(".") + 1 :][:1].isupper():
            return found
        members = [each for thing in self._full(lookup, path, outer) for each in lookup.member(thing, name)]
        return () if external(tuple(members)) else tuple(members)

    def _type(self, lookup: Lookup, path: str, full: str) -> Things:
        files = nearest(path, lookup.world.modules(f"java:{full}"))
        if not files:
            return ()
        sure = CERTAIN if len(files) == 1 else AMBIGUOUS
        return less_sure(lookup.symbol(files[0], full.rpartition(".")[2]), sure)
