"""Which types belong together: those that need each other, and those that one type alone holds."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import networkx as nx

from repowright.agent.workflows.translate.idiomatic.project_types import ProjectType, ProjectTypes
from repowright.graph.order import Rank, knots
from repowright.repo_tools.c_source.c_types import Array, CType, FunctionType, Pointer, Record, Vector


def owning_groups(types: ProjectTypes) -> list[list[ProjectType]]:
    """Group types by who owns them, what is held first; the type that owns the others leads its group.

    A type goes to its holder where that is the only one, holds it by value or by a pointer it may write through, and
    is declared in the same file or its header: what several hold, and what has a header of its own, is a group of its
    own.
    """
    labels = {each.identity: f"{number:05d}" for number, each in enumerate(types.types.values())}
    known = {labels[each.identity]: each for each in types.types.values()}
    holds: nx.DiGraph[str] = nx.DiGraph()
    holds.add_nodes_from(known)
    owns: set[tuple[str, str]] = set()
    for kind in types.types.values():
        for held, owning in _held(types, kind):
            ends = labels[kind.identity], labels[held.identity]
            if ends[0] != ends[1]:
                holds.add_edge(*ends)
                owns |= {ends} if owning else set()
    groups = [list(group) for group in knots(holds, _as_rank)]
    return [[known[each] for each in group] for group in _merged(groups, holds, owns, known)]


def _as_rank(label: str) -> Rank:
    return (label,)


def _merged(
    groups: list[list[str]], holds: nx.DiGraph[str], owns: set[tuple[str, str]], known: dict[str, ProjectType]
) -> list[list[str]]:
    """Put each group that one other alone owns behind that one; owners come later in the order than what they own."""
    at = {each: number for number, group in enumerate(groups) for each in group}
    for number, group in enumerate(groups):
        holders = {at[each] for member in group for each in holds.predecessors(member)} - {number}
        if len(holders) != 1:
            continue
        (holder,) = holders
        pairs = {(each, member) for member in group for each in holds.predecessors(member) if at[each] == holder}
        together = {_stem(known[each]) for each in group} & {_stem(known[each]) for each in groups[holder]}
        if pairs <= owns and together:
            groups[holder] = [*groups[holder], *group]
            at |= dict.fromkeys(group, holder)
            groups[number] = []
    return [group for group in groups if group]


def _stem(kind: ProjectType) -> str:
    return posixpath.splitext(posixpath.basename(kind.path))[0]


def _held(types: ProjectTypes, kind: ProjectType) -> Iterator[tuple[ProjectType, bool]]:
    """Types of a record's members, each with whether the member may own it."""
    if isinstance(kind.definition, Record):
        for field in kind.definition.fields:
            owning = _may_own(field.type)
            yield from ((each, owning) for each in types.behind(kind.unit, field.type))


def _may_own(kind: CType) -> bool:
    while isinstance(kind, Pointer | Array | Vector):
        if isinstance(kind, Pointer):
            if kind.const:
                return False
            kind = kind.target
        else:
            kind = kind.element
    return not isinstance(kind, FunctionType)
