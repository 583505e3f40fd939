"""What the checkpoints hold: addresses, counts and short strings, nothing that grows with the code.

SQLite checkpoints rewrite the whole state at every step, so everything long lies in the artifact store.
"""

from __future__ import annotations

from typing import Annotated, TypedDict


def merge(old: dict[str, str] | None, new: dict[str, str] | None) -> dict[str, str]:
    """Join what parallel branches report; ``None`` empties the channel when their results are taken over."""
    if new is None:
        return {}
    return {**(old or {}), **new}


class GenerateState(TypedDict, total=False):
    """State of a whole generation."""

    plan: str
    """Content address of the plan."""
    open_findings: Annotated[dict[str, str], merge]
    """Stage to the lint findings it left open, one a line."""
    head: str
    """Last commit of the repository under construction."""
    exported: str
    """Hashes of ``graph.json`` and ``plan.md`` as they were written last."""
    epoch: int
    """Seconds since the epoch that the commits count from; that of the recording in a replay."""
    outcome: str
    """Content address of the closing figures; set by the delivery."""


class DraftState(GenerateState, total=False):
    """State of a stage that drafts, is linted and drafts again."""

    base: str
    reply: str
    findings: list[str]
    round: int


class ProposalState(GenerateState, total=False):
    candidates: list[str]
    """Candidate features, each ``phrase`` TAB ``detail``."""
    rejected: list[str]
    round: int
    dry: int
    """Rounds in a row that added nothing."""


class FanState(GenerateState, total=False):
    """State of a stage that works on many subjects at once, generation by generation."""

    generation: int
    built: Annotated[dict[str, str], merge]
    """Subject to the content address of its result, of the generation under way."""
    findings: dict[str, list[str]]
    round: int


class Subject(TypedDict):
    """What one branch of a fan-out is given."""

    plan: str
    subject: str
    findings: list[str]
