"""How what the encoder found stands to what clang found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.workflows.translate.edges import COMPILED
from repowright.agent.workflows.translate.encoding import EncodedC, confirmed
from repowright.agent.workflows.translate.preprocessing import Compiled
from repowright.benchmarks.translation.clang_truth import Clang, Truth
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.layout import layout_of
from repowright.repo_tools.c_source.project import CProject

_TYPE_KINDS = (NodeKind.STRUCT, NodeKind.ENUM, NodeKind.CLASS)


@dataclass(frozen=True, slots=True)
class Score:
    """Hits and misses of one kind of fact; ``told`` holds the first few that differ."""

    hits: int = 0
    extra: int = 0
    missed: int = 0
    told: tuple[str, ...] = ()

    @property
    def precision(self) -> float:
        """Share of what was found that is so; 1 where nothing was found."""
        return self.hits / (self.hits + self.extra) if self.hits + self.extra else 1.0

    @property
    def recall(self) -> float:
        """Share of what is so that was found; 1 where there is nothing."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    def __add__(self, other: Score) -> Score:
        told = (*self.told, *other.told)
        return Score(self.hits + other.hits, self.extra + other.extra, self.missed + other.missed, told)


@dataclass(frozen=True, slots=True)
class Against:
    """Scores of one project.

    Parameters
    ----------
    clang_errors
        Files that are not compared: those that lack a header, and those that clang does not compile, with its error.
    sizes
        Records whose size agrees, and those whose size does not.
    """

    functions: Score
    calls: Score
    globals: Score
    types: Score
    compared: int
    clang_errors: tuple[str, ...]
    sizes: Score


def against_clang(clang: Clang, folder: Path, project: CProject, compiled: Sequence[Compiled], raw: RPG) -> Against:
    """Compare the files that clang compiles without an error.

    Parameters
    ----------
    raw
        Graph of the raw text; changed in place.
    """
    truth = Truth()
    errors: list[str] = []
    sound: list[Compiled] = []
    for each in compiled:
        if each.problem:
            continue
        if each.absent:
            errors.append(f"{each.path}: was read without {', '.join(each.absent)}")
            continue
        error = clang.read(folder.resolve(), each.path, each.arguments, truth)
        if error:
            errors.append(f"{each.path}: {error}")
        else:
            sound.append(each)
    found = confirmed(project, raw, sound)
    defined = {name for _, name in truth.functions}
    return Against(
        compared_sets(_functions(found), truth.functions),
        compared_sets(_calls(found), {call for call in truth.calls if call[2] in defined}),
        compared_sets(_globals(found), truth.globals),
        compared_sets(_types(found), {(path, name) for path, _, name in truth.types}),
        len(sound),
        tuple(errors),
        _sizes(found, truth),
    )


def compared_sets(found: Collection[tuple[str, ...]], truth: Collection[tuple[str, ...]]) -> Score:
    """Score one set against another."""
    mine, true = set(found), set(truth)
    told = [f"extra {' '.join(each)}" for each in sorted(mine - true)[:5]]
    told += [f"missed {' '.join(each)}" for each in sorted(true - mine)[:5]]
    return Score(len(mine & true), len(mine - true), len(true - mine), tuple(told))


def _functions(found: EncodedC) -> set[tuple[str, ...]]:
    return {tuple(key) for key in found.nodes if key in found.links.functions}


def _globals(found: EncodedC) -> set[tuple[str, ...]]:
    return {tuple(key) for key in found.nodes if key in found.links.variables}


def _calls(found: EncodedC) -> set[tuple[str, ...]]:
    keys = {node: key for key, node in found.nodes.items()}
    return {
        (keys[edge.src].path, keys[edge.src].name, keys[edge.dst].name)
        for edge in found.graph.edges(EdgeKind.CALLS)
        if not edge.name and edge.src in keys and edge.dst in keys
    }


def _types(found: EncodedC) -> set[tuple[str, ...]]:
    """Types by path and name; of a typedef that renames a tag at once both names are told by one node."""
    graph = {(node.path, node.name) for node in found.graph.nodes(*_TYPE_KINDS) if COMPILED in node.tags}
    named: set[tuple[str, ...]] = set()
    for unit in found.units:
        symbols = unit.symbols
        named |= {(each.site.path, each.key) for each in symbols.records.values()}
        named |= {(each.site.path, each.key) for each in symbols.enums.values()}
        named |= {(each.site.path, each.name) for each in symbols.typedefs.values()}
    return {each for each in named if each in graph}


def _sizes(found: EncodedC, truth: Truth) -> Score:
    """Sizes of records as this project computes them, where clang tells one."""
    mine: dict[tuple[str, str, str], int] = {}
    for unit in found.units:
        for record in unit.symbols.records.values():
            key = (record.site.path, record.kind, record.key)
            if key in truth.sizes:
                try:
                    mine[key] = layout_of(record, unit.symbols).extent.size
                except NotConstant:
                    mine.setdefault(key, -1)
    facts = {(*key, str(size)) for key, size in truth.sizes.items() if key[1] != "enum"}
    return compared_sets({(*key, str(size)) for key, size in mine.items()}, facts)
