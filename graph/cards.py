"""How answers name a node: one line for a model or a person, and plain data for a program."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.tags import TEST

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_MEANING = frozenset({NodeKind.AREA, NodeKind.CATEGORY})
_MOST_WORDS = 160


@dataclass(frozen=True, slots=True)
class Card:
    """What an answer says of a node.

    Parameters
    ----------
    label
        How to ask for the node again: ``path:qualname``, ``path``, or the name of what has no place.
    feature
        What it is for, on one line.
    area
        Names of the areas and categories above it, joined by slashes.
    """

    id: str
    kind: NodeKind
    label: str
    lines: tuple[int, int] | None
    signature: str
    feature: str
    area: str
    is_test: bool

    @property
    def facts(self) -> str:
        """Kind, lines and whether it is a test."""
        parts = [self.kind.value]
        if self.lines:
            parts.append(_lines(self.lines))
        return ", ".join(parts + ["test"] * self.is_test)

    def text(self) -> str:
        """Return the node on one line.

        Examples
        --------
        >>> Card("x", NodeKind.METHOD, "a.py:A.run", (3, 9), "def run(self)", "run it", "", False).text()
        'a.py:A.run [method, lines 3-9]: run it'
        """
        said = f": {self.feature}" if self.feature else ""
        return f"{self.label} [{self.facts}]{said}"


def card(rpg: RPG, node: Node) -> Card:
    """Return the card of a node."""
    above = rpg.ancestors(node.id)
    return Card(
        id=node.id,
        kind=node.kind,
        label=node.label if node.place and node.kind is not NodeKind.REPOSITORY else _feature_path(node, above),
        lines=node.place.span if node.place else None,
        signature=node.signature,
        feature=_purpose(rpg, node),
        area="/".join(each.name for each in reversed(above) if each.kind in _MEANING),
        is_test=is_test(node, above),
    )


def is_test(node: Node, above: list[Node]) -> bool:
    """Tell whether the node, or the file it lies in, is marked as test code."""
    return TEST in node.tags or any(TEST in each.tags for each in above if each.kind is not NodeKind.REPOSITORY)


def as_json(record: DataclassInstance) -> str:
    """Return a record of answers as one line of JSON."""
    return json.dumps(asdict(record), ensure_ascii=False, separators=(",", ":"))


def at_lines(lines: tuple[int, ...]) -> str:
    """Return where something happens, the first few lines named.

    Examples
    --------
    >>> [at_lines(()), at_lines((7,)), at_lines((1, 2, 3, 4, 5, 6))]
    ['', ' at line 7', ' at lines 1, 2, 3, 4 and 2 more']
    """
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:4]))
    more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
    return f" at line{'s' * (len(lines) > 1)} {shown}{more}"


def sure(confidence: float) -> str:
    """Return the confidence where it is less than certain.

    Examples
    --------
    >>> [sure(1.0), sure(0.5)]
    ['', ' (confidence 0.5)']
    """
    return "" if confidence >= 1 else f" (confidence {confidence:.2g})"


def _lines(span: tuple[int, int]) -> str:
    return f"line {span[0]}" if span[0] == span[1] else f"lines {span[0]}-{span[1]}"


def _feature_path(node: Node, above: list[Node]) -> str:
    names = [each.name for each in reversed(above) if each.kind in _MEANING]
    return "/".join([*names, node.name])


def _purpose(rpg: RPG, node: Node) -> str:
    realised = () if node.feature else rpg.children(node.id, NodeKind.FEATURE)
    said = node.feature or "; ".join(child.feature for child in realised) or node.doc.partition("\n")[0]
    said = " ".join(said.split())
    return said if len(said) <= _MOST_WORDS else said[: _MOST_WORDS - 1].rstrip() + "\u2026"
