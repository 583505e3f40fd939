"""What is designed together: a type with those it owns, and every function that takes, returns, makes or frees it.

Who owns memory is a property of a struct and all its users, so that neither a function nor a file is enough to
decide it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.idiomatic.owning import owning_groups
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectType, ProjectTypes
from repowright.agent.workflows.translate.linking import Key
from repowright.graph.order import Rank, knots
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import TranslationUnit


@dataclass(frozen=True)
class Cluster:
    """Types and functions that one answer designs.

    Parameters
    ----------
    types
        The one that owns the others first.
    functions
        Its own functions, ``static`` ones too, in the order of files and lines.
    asked
        Those of them that other files see: what must have an item.
    users
        Functions of later clusters that work on its types: they say who owns what, and are designed there.
    needs
        Names of the clusters whose types its own are written with or whose functions it calls; they come before it.
    home
        The C file whose module it goes to: the one that has most of its functions.
    """

    name: str
    types: tuple[ProjectType, ...]
    functions: tuple[Key, ...]
    asked: tuple[Key, ...]
    users: tuple[Key, ...]
    needs: tuple[str, ...]
    home: str

    @property
    def named_types(self) -> tuple[ProjectType, ...]:
        """Its types that C can name."""
        return tuple(each for each in self.types if each.is_named)


def clusters_of(encoded: EncodedC, types: ProjectTypes) -> tuple[Cluster, ...]:
    """Return the clusters of a project, what is needed first; functions on no type of it are clusters by file.

    Clusters that no other file sees go to the first that needs them; those that nothing needs are left out.
    """
    return _Clustering(encoded, types).done()


class _Clustering:
    def __init__(self, encoded: EncodedC, types: ProjectTypes) -> None:
        self._encoded = encoded
        self._types = types
        self._units = _units(encoded)
        refused = {(each.path, each.name) for each in encoded.refused}
        own = [key for key in encoded.links.functions if not is_test_path(key.path)]
        self._own = sorted(own, key=lambda key: (key.path, encoded.links.functions[key].site.line, key))
        self._asked = {key for key in self._own if self._is_asked(key) and key not in refused}
        self._groups = owning_groups(types)
        self._group_of = {each.identity: number for number, group in enumerate(self._groups) for each in group}

    def _is_asked(self, key: Key) -> bool:
        return key.name != "main" and not self._encoded.links.functions[key].is_static

    def done(self) -> tuple[Cluster, ...]:
        touched = {key: self._touched(key) for key in self._own}
        members: dict[str, list[Key]] = {}
        for key in self._own:
            # What works on types of several clusters waits for the last of them.
            place = max(touched[key], default=-1)
            members.setdefault(_type_label(place) if place >= 0 else f"file {key.path}", []).append(key)
        held = {_type_label(number): list(group) for number, group in enumerate(self._groups)}
        needs = self._needs(members, touched)
        self._fold(members, held, needs)
        ordered = _ordered(needs, lambda label: self._rank(label, members, held))
        names = self._names([label for label in ordered if label in members], held)
        found = [self._cluster(label, members, held, needs, names, touched) for label in names]
        return tuple(each for each in found if each.asked)

    def _touched(self, key: Key) -> set[int]:
        """Numbers of the groups of types that a function takes, returns or, behind a ``void *``, handles."""
        function, unit = self._encoded.links.functions[key], self._units[key]
        kinds = [function.type.result, *(each.type for each in function.type.parameters)]
        found = {self._group_of[each.identity] for kind in kinds for each in self._types.behind(unit, kind)}
        if not found and any("c_void" in self._types.text(unit, kind) for kind in kinds[1:]):
            named = [each for name in function.body.types for each in self._types.named(name)]
            found = {self._group_of[each.identity] for each in named}
        return found

    def _needs(self, members: Mapping[str, Sequence[Key]], touched: Mapping[Key, set[int]]) -> dict[str, set[str]]:
        needs: dict[str, set[str]] = {_type_label(number): set() for number in range(len(self._groups))}
        for number, group in enumerate(self._groups):
            inside = {self._group_of[each.identity] for kind in group for each in _members(self._types, kind)}
            needs[_type_label(number)] |= {_type_label(each) for each in inside}
        home = {key: label for label, keys in members.items() for key in keys}
        for key, label in home.items():
            needs.setdefault(label, set()).update(_type_label(each) for each in touched[key])
        for label in needs:
            needs[label].discard(label)
        # Calls say what is better told before; where they run in circles, types decide alone.
        for link in self._encoded.links.calls:
            first, second = home.get(link.source), home.get(link.target)
            if first is not None and second is not None and first != second and not _reaches(needs, second, first):
                needs[first].add(second)
        return needs

    def _fold(
        self, members: dict[str, list[Key]], held: dict[str, list[ProjectType]], needs: dict[str, set[str]]
    ) -> None:
        """Give types and functions that no other file sees to the first cluster that needs them."""
        for label in _ordered(needs, lambda each: (each,)):
            if self._asked & set(members.get(label, ())):
                continue
            order = _ordered(needs, lambda each: self._rank(each, members, held))
            taker = next((each for each in order if label in needs[each]), None)
            if taker is None:
                continue
            members.setdefault(taker, []).extend(members.pop(label, []))
            held.setdefault(taker, []).extend(held.pop(label, []))
            needs[taker] |= needs.pop(label)
            for each, wanted in needs.items():
                if label in wanted:
                    wanted.discard(label)
                    wanted.update({taker} - {each})
            needs[taker].discard(taker)

    def _rank(
        self, label: str, members: Mapping[str, Sequence[Key]], held: Mapping[str, Sequence[ProjectType]]
    ) -> Rank:
        places = [(each.path, each.line) for each in held.get(label, ())]
        places += [(key.path, self._encoded.links.functions[key].site.line) for key in members.get(label, ())]
        path, line = min(places, default=("", 0))
        return (0 if held.get(label) else 1, path, line, label)

    def _names(self, labels: Sequence[str], held: Mapping[str, Sequence[ProjectType]]) -> dict[str, str]:
        """A name for each cluster that no other has, in their order."""
        plain = {
            label: held[label][0].name if held.get(label) else f"functions of {label.removeprefix('file ')}"
            for label in labels
        }
        shared = Counter(plain.values())
        return {
            label: f"{name} of {held[label][0].path}" if shared[name] > 1 and held.get(label) else name
            for label, name in plain.items()
        }

    def _cluster(
        self,
        label: str,
        members: Mapping[str, Sequence[Key]],
        held: Mapping[str, Sequence[ProjectType]],
        needs: Mapping[str, set[str]],
        names: Mapping[str, str],
        touched: Mapping[Key, set[int]],
    ) -> Cluster:
        own = [key for key in self._own if key in set(members[label])]
        asked = tuple(key for key in own if key in self._asked)
        groups = {self._group_of[each.identity] for each in held.get(label, ())}
        users = tuple(key for key in self._own if key not in own and touched[key] & groups)
        wanted = tuple(names[each] for each in names if each in needs[label])
        counted = Counter(key.path for key in asked or own)
        home = min(counted, key=lambda path: (-counted[path], path))
        return Cluster(names[label], tuple(held.get(label, ())), tuple(own), asked, users, wanted, home)


def _units(encoded: EncodedC) -> dict[Key, TranslationUnit]:
    """The first unit that has each function."""
    found: dict[Key, TranslationUnit] = {}
    for unit in encoded.units:
        for function in unit.functions:
            found.setdefault(Key(function.site.path, function.name), unit)
    return found


def _type_label(number: int) -> str:
    return f"type {number:05d}"


def _members(types: ProjectTypes, kind: ProjectType) -> Iterator[ProjectType]:
    for field in getattr(kind.definition, "fields", ()):
        yield from types.behind(kind.unit, field.type)


def _reaches(needs: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for each in needs.get(waiting.pop(), ()):
            if each == goal:
                return True
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return start == goal


def _ordered(needs: Mapping[str, set[str]], key: Callable[[str], Rank]) -> list[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(needs))
    graph.add_edges_from((each, needed) for each in sorted(needs) for needed in sorted(needs[each]))
    return [label for group in knots(graph, key) for label in group]
