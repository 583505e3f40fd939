"""Names that are read, with the parameters and local variables of each definition left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Use
from repowright.repo_tools.languages.compiled_places import ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText

Locals = Mapping[int, Collection[bytes]]
"""Names of parameters and local variables by the definition that holds them."""


@dataclass(frozen=True, slots=True)
class Known:
    """Which names may stand for something of the repository.

    Parameters
    ----------
    names
        Those the file defines or imports; `None` where any other may be brought in.
    built_in
        Those that never do.
    """

    names: frozenset[bytes] | None
    built_in: frozenset[bytes]

    def admits(self, name: bytes) -> bool:
        """Whether a name may stand for something of the repository."""
        return name not in self.built_in and (self.names is None or name in self.names)


def locals_of(nodes: Iterable[Node], source: SourceText, scopes: ScopeMap) -> dict[int, set[bytes]]:
    """Declared names by the definition they stand in; those outside any are left out."""
    found: dict[int, set[bytes]] = {}
    data = source.data
    for node in nodes:
        start = node.start_byte
        scope = scopes.at(start)
        if scope != MODULE:
            found.setdefault(scope, set()).add(data[start : node.end_byte])
    return found


def uses_of(
    nodes: Iterable[Node], skipped: Collection[int], source: SourceText, scopes: ScopeMap, local: Locals, known: Known
) -> list[Use]:
    """One use for each line of a definition that reads a name.

    Parameters
    ----------
    skipped
        First bytes of names that are declared or called.
    """
    found: list[Use] = []
    seen: set[tuple[int, int, bytes]] = set()
    data, line_of, scope_at = source.data, source.line, scopes.at
    nowhere: Collection[bytes] = ()
    for node in nodes:
        start = node.start_byte
        if start in skipped:
            continue
        name = data[start : node.end_byte]
        if not known.admits(name):
            continue
        scope = scope_at(start)
        if name in local.get(scope, nowhere):
            continue
        key = (scope, line_of(start), name)
        if key not in seen:
            seen.add(key)
            found.append(Use(scope, name.decode("utf-8", "replace"), key[1]))
    return found
