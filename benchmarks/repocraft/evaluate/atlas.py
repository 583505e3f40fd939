"""What is known of the repository before any model is asked: its graph, its features, a ranking for any text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repowright.benchmarks.repocraft.evaluate.tree import RepositoryTree
from repowright.graph.encode import Means, encode
from repowright.graph.errors import GraphError, UnknownNode
from repowright.graph.kinds import NodeKind
from repowright.graph.locate.locator import Locator
from repowright.graph.locate.reading import graph_corpus
from repowright.graph.model import RPG, Node
from repowright.graph.references import AmbiguousReference, References
from repowright.graph.search import SearchIndex
from repowright.graph.serial import from_json
from repowright.graph.sources import TextSources
from repowright.repo_tools.snapshot import MemorySnapshot

CANDIDATES = 15
OWN_GRAPH = "graph.json"
"""Where a generated repository keeps the graph that it was planned on."""

UNITS = (NodeKind.CLASS, NodeKind.FUNCTION, NodeKind.METHOD)
_RANKED = 40
_RANK_CONSTANT = 30


@dataclass(frozen=True)
class Atlas:
    """A repository with its graph."""

    tree: RepositoryTree
    rpg: RPG
    sources: TextSources
    features: int
    """How many units have a feature from the repository's own graph."""

    @cached_property
    def references(self) -> References:
        """What finds units by the names a model writes."""
        return References(self.rpg)

    @cached_property
    def index(self) -> SearchIndex:
        """What words are looked up in."""
        return SearchIndex(self.rpg)

    @cached_property
    def _locator(self) -> Locator:
        return Locator(graph_corpus(self.rpg, self.sources))

    def candidates(self, text: str, count: int = CANDIDATES) -> list[Node]:
        """Return the units that most likely do what a text says, best first, without a model.

        Two rankings are joined by reciprocal ranks: that of localisation, trained on code, and that of words over
        names, features and docstrings.
        """
        located = self._locator.locate(text, _RANKED)
        said = [hit.node.label for hit in self.index.search(text, UNITS, _RANKED)]
        scores: dict[str, float] = {}
        for ranking in ([each.label for each in located.functions], [each.label for each in located.classes], said):
            for place, label in enumerate(ranking):
                scores[label] = scores.get(label, 0.0) + 1 / (_RANK_CONSTANT + place)
        found = [self.unit(label) for label in sorted(scores, key=lambda label: (-scores[label], label))]
        return [node for node in dict.fromkeys(found) if node is not None][:count]

    def unit(self, label: str) -> Node | None:
        """Return the unit with a label, ``path:Qualified.name``; ``None`` if it is none of the code."""
        path, _, qualname = label.partition(":")
        node = self.rpg.find(path, qualname) if qualname else None
        return node if node is not None and node.kind in UNITS and path in self.tree.code else None

    def resolve(self, written: str) -> tuple[str, tuple[str, ...]]:
        """Return the label of the unit that a model means, or nothing and labels that come near.

        A function inside another stands for the outer one.
        """
        try:
            node = self.references.node(written)
        except AmbiguousReference as err:
            return "", err.candidates[:3]
        except UnknownNode as err:
            return "", (err.hint,) if err.hint else ()
        chain = [node, *self.rpg.ancestors(node.id)]
        functions = [each for each in chain if each.kind in (NodeKind.FUNCTION, NodeKind.METHOD)]
        unit = functions[-1] if functions else next((each for each in chain if each.kind is NodeKind.CLASS), None)
        if unit is None or unit.path not in self.tree.code:
            return "", ()
        return unit.label, ()


def survey_repository(tree: RepositoryTree, store: Path) -> Atlas:
    """Encode a repository without a model; features of its own graph, where it has one, replace those of rules.

    Parameters
    ----------
    store
        Where the encoded graph is kept.

    Raises
    ------
    GraphError
        If the graph cannot be stored there.
    """
    texts = {path: text for path in tree.code if (text := tree.text(path)) is not None}
    snapshot = MemorySnapshot({path: text.encode() for path, text in texts.items()}, tree.name)
    encoded = encode(snapshot, store, ["python"], Means(workers=0))
    rpg = encoded.graph()
    return Atlas(tree, rpg, TextSources(texts), _take_features(rpg, tree))


def _take_features(rpg: RPG, tree: RepositoryTree) -> int:
    own = _own_graph(tree)
    if own is None:
        return 0
    taken = 0
    for node in own.nodes(*UNITS):
        known = rpg.find(node.path, node.qualname) if node.place else None
        phrases = [node.feature, *(each.feature for each in own.children(node.id, NodeKind.FEATURE))]
        said = "; ".join(dict.fromkeys(phrase for phrase in phrases if phrase))
        if known is not None and said:
            rpg.update(known.id, feature=said)
            taken += 1
    return taken


def _own_graph(tree: RepositoryTree) -> RPG | None:
    text = tree.text(OWN_GRAPH)
    try:
        return from_json(text) if text is not None else None
    except GraphError:
        return None
