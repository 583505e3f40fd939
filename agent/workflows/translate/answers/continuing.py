"""Going on with an answer that was cut off: joining its parts, or asking for less at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked

LONGEST_OVERLAP = 2000
SHORTEST_OVERLAP = 12
_OPENING = re.compile(
    r"\A\s*(?:[^\n`]{0,200}\n)?```(?:(?:rust|rs|python|py)[^\n]*\n|\n(?=.*^```))", re.DOTALL | re.MULTILINE
)
"""A fence with a language, or one that another ends: a lone one closes what the first part opened."""


def join_continuation(first: str, second: str) -> str:
    """Join an answer that was cut off with what the model wrote when told to go on.

    A fence that the second part opens anew, and words before it, are dropped; what it repeats of the end of the
    first part is kept once.
    """
    inside = _is_open(first)
    second = _OPENING.sub("", second, count=1) if inside else second
    tail = first[-LONGEST_OVERLAP:]
    for length in range(min(len(tail), len(second)), SHORTEST_OVERLAP - 1, -1):
        if tail.endswith(second[:length]):
            return first + second[length:]
    line = first.rpartition("\n")[2]
    if len(line.strip()) > 2 and second.lstrip().startswith(line.strip()):
        return first[: len(first) - len(line)] + second.lstrip("\n")
    return first + second


def _is_open(text: str) -> bool:
    """Tell whether a text ends within a fence."""
    return len(re.findall(r"^ {0,3}```", text, re.MULTILINE)) % 2 == 1


def rest_of(asked: Asked, reading: AnswerReading) -> Asked:
    """What is left to ask for after a part of it was answered; the files hold what was taken."""
    left = {
        path: tuple(item for item in items if f"{path}::{item}" in reading.remaining)
        for path, items in asked.wanted.items()
    }
    wanted = {path: items for path, items in left.items() if items}
    return replace(asked, files={**asked.files, **reading.files}, wanted=wanted)


def halves(asked: Asked) -> tuple[Asked, ...]:
    """Split what is asked for in two; one part where it is a single item."""
    pairs = [(path, item) for path, items in asked.wanted.items() for item in items]
    if len(pairs) < 2:
        return (asked,)
    middle = len(pairs) // 2
    return tuple(replace(asked, wanted=_grouped(part)) for part in (pairs[:middle], pairs[middle:]))


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    paths = dict.fromkeys(path for path, _ in pairs)
    return {path: tuple(item for each, item in pairs if each == path) for path in paths}
