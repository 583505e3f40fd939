"""The features of a repository, as phrases: what its graph says it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from repowright.benchmarks.repocraft.measure.size import is_product
from repowright.graph.encode import encode
from repowright.graph.kinds import NodeKind, State
from repowright.graph.model import RPG

PLANNED = "features of the plan that are implemented"
ENCODED = "phrases of the encoded classes, functions and methods"

_UNITS = (NodeKind.CLASS, NodeKind.FUNCTION, NodeKind.METHOD)
_INSIDE_CODE = frozenset({NodeKind.FUNCTION, NodeKind.METHOD})


@dataclass(frozen=True)
class Features:
    """What a repository does.

    Parameters
    ----------
    phrases
        Each once, sorted.
    source
        `PLANNED` or `ENCODED`.
    unbuilt
        Features of a plan that no code implements. They do not count; in the paper they do.
    """

    phrases: tuple[str, ...]
    source: str
    unbuilt: int = 0


def features(rpg: RPG) -> Features:
    """Return the features of a graph: those of its plan, or what encoding says of its definitions."""
    planned = rpg.nodes(NodeKind.FEATURE)
    if not planned:
        return Features(_phrases(_units(rpg)), ENCODED)
    built = [node.feature for node in planned if node.state >= State.IMPLEMENTED]
    return Features(_phrases(built), PLANNED, len(planned) - len(built))


def features_of_folder(folder: Path) -> Features:
    """Encode the Python code of a folder and return its features; the folder is left as it is.

    Raises
    ------
    RepoToolsError
        If the folder cannot be listed.
    """
    with TemporaryDirectory(prefix="repowright-features-") as scratch:
        return features(encode(folder, Path(scratch) / "graph.rpg", ("python",)).graph())


def _units(rpg: RPG) -> list[str]:
    return [
        node.feature
        for node in rpg.nodes(*_UNITS)
        if not (node.name.startswith("__") and node.name.endswith("__"))
        and node.place is not None
        and is_product(node.place.path)
        and not _is_nested(rpg, node.id)
    ]


def _is_nested(rpg: RPG, node_id: str) -> bool:
    above = rpg.parent(node_id)
    return above is not None and above.kind in _INSIDE_CODE


def _phrases(found: list[str]) -> tuple[str, ...]:
    return tuple(sorted({" ".join(phrase.split()) for phrase in found} - {""}))
