"""Which tests a change can break, chosen from the graph and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.resolve.atlas import Atlas
from repowright.agent.workflows.resolve.working_copy import steers_tests
from repowright.graph.impact import Affected, impact
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.records import Node
from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.tests import test_functions

DEPTH = 4
"""Steps from a changed function to a test; further ones are reached through most of a repository."""

MOST_TESTS = 80
MOST_FILES = 12
_EACH = 300


@dataclass(frozen=True)
class Selection:
    """Tests to run, nearest first.

    Parameters
    ----------
    tests
        What pytest is given: ``tests/test_a.py::TestB::test_c``, or a whole file.
    why
        How they were chosen, for people.
    left_out
        How many more the graph knows.
    """

    tests: tuple[str, ...]
    why: str
    left_out: int = 0


def affected_tests(atlas: Atlas, changed: Mapping[str, Sequence[int]]) -> Selection:
    """Return the tests that reach changed functions; where none is known, the test files that import the files.

    Parameters
    ----------
    changed
        Lines of the files before the change, by path.
    """
    nodes = _nodes(atlas, changed)
    reached = _ranked(found for node in nodes for found in _reaching(atlas, node))
    named = list(dict.fromkeys(_named(atlas, reached)))
    if named:
        what = ", ".join(node.label for node in nodes[:5]) + (" and more" if len(nodes) > 5 else "")
        why = f"the graph knows that they reach {what}"
        return Selection(tuple(named[:MOST_TESTS]), why, max(0, len(named) - MOST_TESTS))
    files = _importing(atlas, changed)
    why = "they import the changed files; the graph knows no test that reaches the changed code" if files else ""
    return Selection(tuple(files[:MOST_FILES]), why, max(0, len(files) - MOST_FILES))


def _nodes(atlas: Atlas, changed: Mapping[str, Sequence[int]]) -> list[Node]:
    """Return the innermost definitions around the changed lines; a whole file counts only where nothing else does."""
    found: dict[str, Node] = {}
    for path, lines in changed.items():
        here = {node.id: node for line in lines for node in atlas.references.at_line(path, line)}
        inner = {each: node for each, node in here.items() if node.kind is not NodeKind.FILE}
        found |= inner or here
    return [node for node in found.values() if node.path not in atlas.tests]


def _reaching(atlas: Atlas, node: Node) -> Sequence[Affected]:
    depth = 2 if node.kind is NodeKind.FILE else DEPTH
    return impact(atlas.rpg, node.id, depth, references=atlas.references, limit=_EACH).tests


def _ranked(found: Iterable[Affected]) -> list[Affected]:
    best: dict[str, Affected] = {}
    for each in found:
        known = best.get(each.card.id)
        if known is None or (each.distance, -each.confidence) < (known.distance, -known.confidence):
            best[each.card.id] = each
    return sorted(best.values(), key=lambda each: (each.distance, -each.confidence, each.card.label))


def _named(atlas: Atlas, reached: Sequence[Affected]) -> list[str]:
    """Return what pytest calls them; a test that its rules do not tell by syntax stands for its whole file."""
    collected: dict[str, frozenset[str]] = {}
    named = []
    for each in reached:
        path, _, qualname = each.card.label.partition(":")
        if not path.endswith(".py") or steers_tests(path) or each.card.kind is NodeKind.FILE:
            continue
        names = collected.setdefault(path, _collected(atlas.tree.text(path) or ""))
        test = qualname.replace(".", "::")
        if test in names:
            named.append(f"{path}::{test}")
        elif qualname.rpartition(".")[2].startswith("test"):
            named.append(path)
    whole = {test for test in named if "::" not in test}
    return [test for test in named if test in whole or test.partition("::")[0] not in whole]


def _collected(source: str) -> frozenset[str]:
    try:
        return frozenset(test.name for test in test_functions(source))
    except SourceError:
        return frozenset()


def _importing(atlas: Atlas, changed: Iterable[str]) -> list[str]:
    files = [node for path in sorted(changed) if (node := atlas.rpg.find(path)) is not None]
    edges = [edge.src for file in files for edge in atlas.rpg.in_edges(file.id, EdgeKind.IMPORTS)]
    paths = (atlas.rpg.node(each).path for each in edges)
    return sorted({path for path in paths if path in atlas.tests and path.endswith(".py") and not steers_tests(path)})
