"""What a model is asked about: the definitions of a file, each with its own text, whole classes together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from repowright.graph.encode.nodes import NodeRow
from repowright.graph.encode.source_tokens import source_digest
from repowright.graph.tags import TEST

LIFTED_KINDS = frozenset(["class", "struct", "enum", "function", "method"])
"""Kinds of nodes whose features a model writes; values keep the phrase of their name."""

_OUTER_KINDS = frozenset(["file", "namespace", "class", "struct", "enum"])
_LONGEST = 8_000
"""Characters of one definition that are shown; of a longer one the end of its middle is left out."""

_SHOWN_TAIL = 1_500


class LiftUnit(NamedTuple):
    """One definition to be lifted.

    Parameters
    ----------
    node
        Id of its node.
    key
        Hash of its kind, qualified name and tokens: what its feature is kept by. A move, a new format or another
        comment changes nothing.
    phrase
        The feature it has without a model.
    text
        Its own source, members that are units of their own left out; empty where the feature is known.
    """

    node: str
    key: str
    path: str
    qualname: str
    phrase: str
    text: str = ""


class Block(NamedTuple):
    """Units that stay together: a class and its members, or one function."""

    path: str
    units: tuple[LiftUnit, ...]

    @property
    def tokens(self) -> int:
        """About how many tokens its text takes in a prompt."""
        return sum(tokens_of(unit) for unit in self.units)


def tokens_of(unit: LiftUnit) -> int:
    """About how many tokens a unit takes in a prompt: dense code has three and a half characters each."""
    return int((len(unit.text) + len(unit.qualname)) / 3.5) + 12


def blocks_of(path: str, rows: Sequence[NodeRow], source: str) -> list[Block]:
    """Return the units of a file, in source order; those of test code are none.

    Parameters
    ----------
    rows
        The file's nodes, its own first.
    """
    chosen = [index for index in range(len(rows)) if _is_lifted(rows, index)]
    lines = source.split("\n")
    members: dict[int, list[int]] = {}
    for index in chosen:
        members.setdefault(rows[index].parent, []).append(index)
    root: dict[int, int] = {}
    grouped: dict[int, list[LiftUnit]] = {}
    for index in chosen:
        first = root[index] = root.get(rows[index].parent, index)
        grouped.setdefault(first, []).append(_unit(path, rows, index, members.get(index, []), lines))
    return [Block(path, tuple(units)) for units in grouped.values()]


def _is_lifted(rows: Sequence[NodeRow], index: int) -> bool:
    row = rows[index]
    if row.kind not in LIFTED_KINDS or TEST in row.tags or not row.first:
        return False
    while row.parent > 0:
        row = rows[row.parent]
        if row.kind not in _OUTER_KINDS:
            return False
    return row.parent == 0 and TEST not in rows[0].tags


def _unit(path: str, rows: Sequence[NodeRow], index: int, members: Sequence[int], lines: Sequence[str]) -> LiftUnit:
    row = rows[index]
    left_out = {line for each in members for line in range(rows[each].first, rows[each].last + 1)}
    own = "\n".join(lines[line - 1] for line in range(row.first, min(row.last, len(lines)) + 1) if line not in left_out)
    said = [row.kind, row.qualname, source_digest(own, path), *(rows[each].name for each in members)]
    key = hashlib.blake2b("\0".join(said).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return LiftUnit(row.id, key, path, row.qualname, row.feature, _shown(own))


def _shown(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - _SHOWN_TAIL]}\n...\n{text[-_SHOWN_TAIL:]}"
