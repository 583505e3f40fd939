"""``python -m repowright.benchmarks.repocraft.measure.calibration``: where the outlier rule comes from.

A project covers its own reference tree, and should cover another's little and gibberish none. The rule is the one for
which the mean coverage of their own trees exceeds the mean coverage of each other's most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import click
import numpy as np

from repowright.benchmarks.repocraft.measure.clustering import Centroids, OutlierRule, cluster
from repowright.benchmarks.repocraft.measure.coverage import leaf_vectors
from repowright.benchmarks.repocraft.measure.embedding import Embedder, MiniLm, Vectors
from repowright.benchmarks.repocraft.measure.features import features_of_folder
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf, read_tree, tree_file
from repowright.benchmarks.repocraft.projects import project_named

GIBBERISH = "gibberish"
GRID = tuple(
    OutlierRule(nearness, factor, 5)
    for nearness, factor in product((-1.0, 0.35, 0.375, 0.4, 0.425, 0.45, 0.475, 0.5), (-9.0, -1.5, -1.4, -1.3, -1.15))
)
"""Rules to try; a nearness of -1 leaves the Local Outlier Factor alone, a factor of -9 the nearness."""

MOST = 1200
"""Features of a project that take part: about what the paper's systems plan. More features cover more by chance."""

_LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Calibrated:
    """Mean coverage under a rule, from 0 to 1."""

    rule: OutlierRule
    own: float
    foreign: float
    gibberish: float

    @property
    def gap(self) -> float:
        """How much better a project covers its own tree than another's."""
        return self.own - self.foreign


def calibrate(
    features: Mapping[str, Vectors], leaves: Mapping[str, Vectors], rules: Sequence[OutlierRule] = GRID
) -> list[Calibrated]:
    """Try rules on projects and their trees, by the same names; the widest gap comes first."""
    found = []
    for rule in rules:
        hit = {(tree, name): _covered(features[name], leaves[tree], rule) for tree in leaves for name in features}
        found.append(
            Calibrated(
                rule,
                own=float(np.mean([share for (tree, name), share in hit.items() if tree == name])),
                foreign=float(
                    np.mean([share for (tree, name), share in hit.items() if name in leaves and tree != name])
                ),
                gibberish=float(np.mean([share for (_, name), share in hit.items() if name == GIBBERISH])),
            )
        )
    return sorted(found, key=lambda each: (-each.gap, each.rule.nearness, each.rule.factor))


def gibberish(count: int, seed: int = 0) -> list[str]:
    """Return phrases of five words that are none."""
    random = np.random.default_rng(seed)
    return [" ".join("".join(random.choice(_LETTERS, random.integers(3, 9))) for _ in range(5)) for _ in range(count)]


def drawn(phrases: Sequence[str], most: int = MOST, seed: int = 1) -> list[str]:
    """Return at most so many of the phrases, in their order."""
    if len(phrases) <= most:
        return list(phrases)
    picked = np.random.default_rng(seed).choice(len(phrases), most, replace=False)
    return [phrases[index] for index in sorted(picked)]


def _covered(features: Vectors, leaves: Vectors, rule: OutlierRule) -> float:
    found = cluster(features, leaves, Centroids.FIXED, rule).leaf
    return len(set(found[found >= 0])) / len(leaves)


def _vectors(
    sources: Mapping[str, Path], trees: Mapping[str, tuple[Leaf, ...]], embedder: Embedder
) -> tuple[dict[str, Vectors], dict[str, Vectors]]:
    features = {
        name: embedder.embed(drawn(features_of_folder(folder).phrases)) for name, folder in sorted(sources.items())
    }
    features[GIBBERISH] = embedder.embed(gibberish(MOST))
    return features, {name: leaf_vectors(leaves, embedder) for name, leaves in sorted(trees.items())}


def _lines(found: Sequence[Calibrated]) -> Iterator[str]:
    yield "nearness  factor   own  foreign  gibberish   gap"
    for each in found:
        shares = f"{each.own:6.3f}  {each.foreign:7.3f}  {each.gibberish:9.3f}  {each.gap:5.3f}"
        yield f"{each.rule.nearness:8.3f}  {each.rule.factor:6.2f}{shares}"


def _matrix(features: Mapping[str, Vectors], leaves: Mapping[str, Vectors], rule: OutlierRule) -> Iterator[str]:
    yield "tree" + "".join(f"{name:>14}" for name in features)
    for tree, vectors in leaves.items():
        shares = (_covered(each, vectors, rule) for each in features.values())
        yield f"{tree:12}" + "".join(f"{100 * share:13.0f} " for share in shares)


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PROJECT=FOLDER...")
@click.option("--trees", type=click.Path(path_type=Path, file_okay=False), help="Folder of <alias>.tree.json files.")
def main(sources: tuple[str, ...], trees: Path | None) -> None:
    """Try outlier rules on the sources of projects of the benchmark."""
    folders = {name: Path(folder) for name, _, folder in (each.partition("=") for each in sources)}
    files = {}
    for name in folders:
        file = tree_file(project_named(name))
        files[name] = trees / file.name if trees else file
    vectors = _vectors(folders, {name: read_tree(file) for name, file in files.items()}, MiniLm())
    found = calibrate(*vectors)
    print(*_lines(found[:8]), sep="\n")
    alone = next(each for each in found if each.rule.nearness < 0)
    print("Local Outlier Factor alone, at its best:", *_lines([alone]), sep="\n")
    print("Coverage in percent under the rule in use:", *_matrix(*vectors, OutlierRule()), sep="\n")


if __name__ == "__main__":
    main()
