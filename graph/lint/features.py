"""Checks of features and areas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from repowright.graph.kinds import UNIT_KINDS, NodeKind
from repowright.graph.lint.finding import Finding, error, warning
from repowright.graph.model import RPG, Node

_WORD = re.compile(r"[^\W_]+[+#]*")
_ARTICLES = frozenset({"a", "an", "the"})


def no_feature(rpg: RPG) -> Iterator[Finding]:
    """Report a plan without a single feature."""
    if not rpg.nodes(NodeKind.FEATURE):
        yield error("no-feature", f"{rpg.root.label} has no feature", rpg.root)


def duplicate_feature(rpg: RPG) -> Iterator[Finding]:
    """Report features that say the same (error) or use the same words in another order (warning)."""
    same = _grouped(rpg, _words)
    for group in same:
        message = f"features {_quoted(group)} say the same ({_homes(rpg, group)}); keep one"
        yield error("duplicate-feature", message, *group)
    reported = {frozenset(node.id for node in group) for group in same}
    for group in _grouped(rpg, lambda phrase: tuple(sorted(_words(phrase)))):
        if frozenset(node.id for node in group) not in reported:
            hint = "keep one or say how they differ"
            message = f"features {_quoted(group)} use the same words ({_homes(rpg, group)}); {hint}"
            yield warning("similar-feature", message, *group)


def empty_area(rpg: RPG) -> Iterator[Finding]:
    """Report areas that hold neither a feature nor a file."""
    for area in rpg.nodes(NodeKind.AREA):
        if not rpg.descendants(area.id, NodeKind.FEATURE, NodeKind.FILE):
            message = f"{area.label} is empty; give it features or remove it"
            yield error("empty-area", message, area)


def feature_outside_area(rpg: RPG) -> Iterator[Finding]:
    """Report features that no area or category holds."""
    for feature in rpg.nodes(NodeKind.FEATURE):
        if rpg.ancestor(feature.id, NodeKind.AREA, NodeKind.CATEGORY) is None:
            message = f"{feature.label} belongs to no area; put it in one"
            yield error("feature-outside-area", message, feature)


def feature_not_placed(rpg: RPG) -> Iterator[Finding]:
    """Report features that no file holds."""
    for feature in rpg.nodes(NodeKind.FEATURE):
        if rpg.ancestor(feature.id, NodeKind.FILE) is None:
            message = f"{feature.label} is placed in no file; give it one"
            yield error("feature-not-placed", message, feature)


def unimplemented_feature(rpg: RPG) -> Iterator[Finding]:
    """Report features that no definition implements."""
    for feature in rpg.nodes(NodeKind.FEATURE):
        parent = rpg.parent(feature.id)
        if parent is not None and parent.kind not in UNIT_KINDS:
            message = f"{feature.label} in {parent.label} is implemented by no class, function or method"
            yield error("unimplemented-feature", message, feature)


def _words(phrase: str) -> tuple[str, ...]:
    words = _WORD.findall(phrase.casefold())
    return tuple(word for word in words if word not in _ARTICLES)


def _grouped(rpg: RPG, key: Callable[[str], tuple[str, ...]]) -> list[list[Node]]:
    groups: dict[tuple[str, ...], list[Node]] = {}
    for node in rpg.nodes(NodeKind.FEATURE):
        groups.setdefault(key(node.feature), []).append(node)
    return [group for words, group in groups.items() if words and len(group) > 1]


def _quoted(nodes: list[Node]) -> str:
    return " and ".join(repr(node.feature) for node in nodes)


def _homes(rpg: RPG, nodes: list[Node]) -> str:
    parents = [rpg.parent(node.id) for node in nodes]
    return "in " + " and ".join(parent.label for parent in parents if parent is not None)
