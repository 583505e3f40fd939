"""Features go to reference leaves, or to none: the two ways, with scikit-learn.

The released evaluator moves the centroids (KMeans that starts at the leaves) and looks for outliers among the features
themselves. Once there are more features than leaves no cluster stays empty, so without its model step it finds
everything covered, by gibberish too. The way that counts here leaves the centroids where they are, and holds a
feature for an outlier by what the leaves alone say: Local Outlier Factor fitted on them, and a least nearness.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repowright.benchmarks.repocraft.measure.embedding import Vectors
from repowright.benchmarks.repocraft.measure.errors import EmbeddingUnavailable

_REFERENCE_NEIGHBOURS = 20


class Centroids(StrEnum):
    """What becomes of the centroids that start at the reference leaves."""

    FIXED = "fixed"
    MOVING = "moving"


@dataclass(frozen=True)
class OutlierRule:
    """When a feature belongs to no leaf.

    The defaults are where the six projects' coverage of their own trees (84 %) exceeds that of each other's (20 %)
    most, found by `calibration`; gibberish covers 1 % of a tree. By the Local Outlier Factor alone, at its best,
    they cover 84 % of their own, 45 % of each other's, and gibberish covers 32 %.

    Parameters
    ----------
    nearness
        Least cosine to the nearest leaf.
    factor
        Least score: the negative Local Outlier Factor, -1 for a feature as near to the leaves as they are to another.
    neighbours
        Leaves that a leaf's density is measured by.
    """

    nearness: float = 0.45
    factor: float = -1.3
    neighbours: int = 5


@dataclass(frozen=True)
class Clusters:
    """For each feature the number of its leaf, and what was measured.

    Parameters
    ----------
    leaf
        -1 for an outlier.
    nearness
        Cosine to the leaf nearest by.
    """

    leaf: NDArray[np.int64]
    nearness: NDArray[np.float64]


def cluster(features: Vectors, leaves: Vectors, centroids: Centroids, rule: OutlierRule) -> Clusters:
    """Assign features to leaves; the same vectors give the same clusters.

    Raises
    ------
    EmbeddingUnavailable
        If scikit-learn is not installed.
    """
    if not len(features):
        return Clusters(np.zeros(0, np.int64), np.zeros(0))
    near = (features @ leaves.T).astype(np.float64)
    ways: dict[Centroids, Callable[[], NDArray[np.int64]]] = {
        Centroids.FIXED: lambda: _fixed(features, leaves, near, rule),
        Centroids.MOVING: lambda: _moving(features, leaves, near),
    }
    # Sums of several threads come in no fixed order; and that phrases mean the same is nothing to warn of.
    with _library("threadpoolctl").threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return Clusters(ways[centroids](), near.max(axis=1))


def check_libraries() -> None:
    """Find out whether features can be clustered here.

    Raises
    ------
    EmbeddingUnavailable
        If scikit-learn is not installed.
    """
    for name in ("threadpoolctl", "sklearn.cluster", "sklearn.neighbors"):
        _library(name)


def _fixed(features: Vectors, leaves: Vectors, near: NDArray[np.float64], rule: OutlierRule) -> NDArray[np.int64]:
    inside = near.max(axis=1) >= rule.nearness
    if len(leaves) > 1:
        neighbours = min(rule.neighbours, len(leaves) - 1)
        factor = _library("sklearn.neighbors").LocalOutlierFactor(neighbours, novelty=True, metric="cosine")
        inside &= factor.fit(leaves).score_samples(features) >= rule.factor
    return np.where(inside, near.argmax(axis=1), -1)


def _moving(features: Vectors, leaves: Vectors, near: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cluster as the released evaluator does; with fewer features than leaves, the leaves nearest to any are used."""
    used = np.sort(np.argsort(-near.max(axis=0), kind="stable")[: len(features)])
    means = _library("sklearn.cluster").KMeans(len(used), init=leaves[used], n_init=1, random_state=0)
    found = used[means.fit_predict(features)]
    if len(features) <= _REFERENCE_NEIGHBOURS:
        return np.asarray(found)
    outlying = _library("sklearn.neighbors").LocalOutlierFactor(_REFERENCE_NEIGHBOURS).fit_predict(features) == -1
    return np.where(outlying, -1, found)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as err:
        package = "scikit-learn" if name.startswith("sklearn") else name
        hint = "pip install 'repowright[repocraft]'"
        raise EmbeddingUnavailable(f"coverage and novelty need the package {package}", hint) from err
