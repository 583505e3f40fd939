"""How C files find each other: includes by the end of a path, functions by their name as a linker does."""

from __future__ import annotations

from repowright.graph.encode.resolve.common_names import listed
from repowright.graph.encode.resolve.lookup import Lookup
from repowright.graph.encode.resolve.paths import folder_of, joined, nearest, suffixes
from repowright.graph.encode.resolve.plain import Plain, defined_at, module_thing, the_first
from repowright.graph.encode.resolve.things import AMBIGUOUS, CERTAIN, OUTSIDE, Things, Wanted
from repowright.repo_tools.facts import MODULE, FileFacts, Import

_STANDARD = listed(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg "
    "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype "
    "unistd fcntl pthread dirent poll sched semaphore strings syslog termios"
)


class C(Plain):
    """Names in C. What is ``static`` in a ``.c`` file is seen there alone; everything else by everybody."""

    family = "c"

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """The path and every end of it."""
        return tuple(f"c:{each}" for each in suffixes(facts.path))

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """An include binds no name."""
        return "", (each.module, "", 0)

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """The included file."""
        files = self.imported_files(lookup, path, wanted)
        return tuple(module_thing(found, found, sure) for found, sure in files) or OUTSIDE

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """The file right beside, or the nearest whose path ends so."""
        header = wanted[0].strip('"<>')
        if wanted[0].startswith("<") and header.removesuffix(".h") in _STANDARD:
            return ()
        beside = joined(folder_of(path), header)
        plain = joined("", header.lstrip("./")) or header
        found = [each for each in lookup.world.modules(f"c:{plain}") if each != path]
        if beside in found:
            return ((beside, CERTAIN),)
        ordered = nearest(path, found)
        return ((ordered[0], CERTAIN if len(ordered) == 1 else AMBIGUOUS),) if ordered else ()

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """The definition the linker would take; for want of one, the prototype."""
        found = dict(lookup.world.definers(f"c:{name}"))
        ordered = tuple((each, found[each]) for each in nearest(path, found))
        return the_first(defined_at(lookup, ordered))

    def linked(self, facts: FileFacts, keys: list[str]) -> list[tuple[str, str]]:
        """Everything but what is static in a file that nobody includes."""
        header = facts.path.endswith((".h", ".hpp", ".inc"))
        found = []
        for definition, key in zip(facts.definitions, keys, strict=True):
            top = definition.parent == MODULE or definition.kind == "constant"
            if top and (header or not definition.signature.startswith("static ")):
                found.append((f"c:{definition.name}", key))
        return found
