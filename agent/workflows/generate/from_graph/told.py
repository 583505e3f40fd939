"""What is said of a plan that comes from a graph: what of the original the model is told, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.graph_origin import Keep
from repowright.agent.workflows.generate.from_graph.interfaces_kept import DECLARATION
from repowright.agent.workflows.generate.from_graph.naming import Renamer
from repowright.agent.workflows.generate.from_graph.needs import FILE_CIRCLE, UNIT_CIRCLE
from repowright.agent.workflows.generate.from_graph.original import Original
from repowright.agent.workflows.generate.from_graph.planting import Planted
from repowright.graph.kinds import NodeKind

_NO_MATTER: dict[Keep, frozenset[str]] = {
    Keep.FEATURES: frozenset({FILE_CIRCLE, UNIT_CIRCLE}),
    Keep.FILES: frozenset({UNIT_CIRCLE}),
    Keep.INTERFACES: frozenset(),
}
"""What was dropped of something that is not kept at all."""

TOLD = "what the model is told of the original"


@dataclass(frozen=True)
class Said:
    """One decision in words."""

    subject: str
    what: str
    why: str
    evidence: tuple[str, ...] = ()


def told(original: Original, planted: Planted, keep: Keep, rename: Renamer, texts: Sequence[bytes]) -> list[Said]:
    """Return the statement of what came from the original, then one decision for each reason to leave things out.

    Parameters
    ----------
    texts
        All that the plan and the specification say.
    """
    left_out = original.left_out.merged(planted.left_out).found
    said = [Said(TOLD, f"kept: {keep}", "the mode of the reconstruction", _statement(planted, keep, rename, texts))]
    for why, found in sorted(left_out.items()):
        if why in _NO_MATTER[keep]:
            continue
        listed = tuple(rename(one) for one in found)
        said.append(Said(f"{len(listed)} of the original", "not kept as it is", why, listed))
    return said


def _statement(planted: Planted, keep: Keep, rename: Renamer, texts: Sequence[bytes]) -> tuple[str, ...]:
    rpg = planted.plan.rpg
    features = rpg.nodes(NodeKind.FEATURE)
    detailed = sum(1 for node in features if node.doc)
    interfaces, files = keep is Keep.INTERFACES, keep is not Keep.FEATURES
    declared = len(planted.left_out.found.get(DECLARATION, ()))
    return (
        f"areas and categories: {len(rpg.nodes(NodeKind.AREA, NodeKind.CATEGORY))} from the original",
        f"features: {len(features)} from the original, {detailed} of them with a description",
        f"file names and their dependencies: {_share(files, len(rpg.nodes(NodeKind.FILE)))}",
        f"names and signatures: {_share(interfaces, len(planted.plan.unit_nodes()))}",
        f"docstrings: {'from the original, or else the feature' if interfaces else 'none from the original'}",
        f"bodies: none from the original, but {declared} declarations (records, enumerations, exceptions) whole",
        "test code: none from the original",
        _name(rename, texts),
    )


def _share(kept: bool, count: int) -> str:
    return f"{count} from the original" if kept else "none from the original"


def _name(rename: Renamer, texts: Sequence[bytes]) -> str:
    if not rename.active:
        return f"name of the package: that of the original, {rename.old}"
    left = sum(rename.left(text.decode()) for text in texts)
    return f"name of the package: replaced by {rename.new}; the original's is left in {left} places, inside other words"
