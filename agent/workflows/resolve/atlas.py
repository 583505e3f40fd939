"""What is known of the repository without a model: its graph, a ranking for the issue, which files are tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.agent.workflows.resolve.working_copy import steers_tests
from repowright.graph.encode import encode, load_graph
from repowright.graph.kinds import NodeKind
from repowright.graph.locate.located import Located
from repowright.graph.locate.locator import Locator
from repowright.graph.locate.reading import stored_corpus
from repowright.graph.model import RPG
from repowright.graph.references import References
from repowright.graph.sources import SnapshotSources
from repowright.graph.store import Store
from repowright.graph.tags import TEST
from repowright.repo_tools.snapshot import MemorySnapshot

CANDIDATES = 20


@dataclass(frozen=True)
class Atlas:
    """A repository with its graph; both are of the state before any edit.

    Parameters
    ----------
    store
        Where the graph is stored.
    """

    tree: SourceTree
    rpg: RPG
    sources: SnapshotSources
    store: Path

    @cached_property
    def references(self) -> References:
        """What finds nodes by the names a model writes."""
        return References(self.rpg)

    @cached_property
    def tests(self) -> frozenset[str]:
        """Paths of files of tests, and of what steers tests: they say what must stay as it is."""
        marked = {node.path for node in self.rpg.nodes(NodeKind.FILE) if TEST in node.tags}
        return frozenset(marked | {path for path in self.tree.files if steers_tests(path)})

    def located(self, issue: str) -> Located:
        """Return what an issue is about, without a model."""
        with Store(self.store) as store:
            corpus = stored_corpus(store, self.sources.snapshot)
        return Locator(corpus).locate(issue, CANDIDATES)

    def test_files(self, near: Sequence[str], most: int) -> list[str]:
        """Return Python test files, those that import the given files first."""
        files = [node for path in near if (node := self.rpg.find(path)) is not None]
        importing = [node.path for file in files for node in self.rpg.dependents(file.id)]
        known = sorted(path for path in self.tests if path.endswith(".py") and not steers_tests(path))
        return [*dict.fromkeys([path for path in importing if path in known] + known)][:most]


def survey_repository(tree: SourceTree, store: Path) -> Atlas:
    """Encode a repository without a model; what an earlier sitting encoded is not worked out again.

    Raises
    ------
    GraphError
        If the graph cannot be stored there.
    """
    snapshot = MemorySnapshot(tree.files, tree.name)
    encode(snapshot, store)
    return Atlas(tree, load_graph(store), SnapshotSources(snapshot), store)
