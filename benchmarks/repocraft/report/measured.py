"""Coverage, novelty and size of one repository, measured together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.measure.clustering import Centroids
from repowright.benchmarks.repocraft.measure.coverage import Coverage, Reassigner, coverage
from repowright.benchmarks.repocraft.measure.embedding import Embedder
from repowright.benchmarks.repocraft.measure.features import Features, features, features_of_folder
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf
from repowright.benchmarks.repocraft.measure.size import Size, size
from repowright.benchmarks.repocraft.measure.token_counts import counter
from repowright.graph.encode import load_graph


@dataclass(frozen=True)
class Measured:
    """What can be said of a repository without running it.

    Parameters
    ----------
    fixed
        Coverage with centroids that stay at the leaves: the one that counts.
    moving
        Coverage as the released evaluator counts it.
    """

    size: Size
    features: Features | None = None
    fixed: Coverage | None = None
    moving: Coverage | None = None


def measured(
    folder: Path,
    leaves: tuple[Leaf, ...] = (),
    embedder: Embedder | None = None,
    graph: Path | None = None,
    reassigner: Reassigner | None = None,
) -> Measured:
    """Measure a folder; without leaves or embedder, its size alone.

    Parameters
    ----------
    graph
        The repository's graph; the folder is encoded if it is `None`.

    Raises
    ------
    GraphError
        If the graph cannot be read.
    RepoToolsError
        If the folder cannot be listed.
    EmbeddingUnavailable
        If scikit-learn is not installed.
    """
    held = size(folder, counter())
    if not leaves or embedder is None:
        return Measured(held)
    found = features(load_graph(graph)) if graph else features_of_folder(folder)
    fixed = coverage(found.phrases, leaves, embedder, Centroids.FIXED, reassigner=reassigner)
    return Measured(held, found, fixed, coverage(found.phrases, leaves, embedder, Centroids.MOVING))
