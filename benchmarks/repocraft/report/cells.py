"""Figures as people read them; nothing is a dash."""

from __future__ import annotations

import re

from repowright.benchmarks.repocraft.report.model import Row, Share

NOTHING = "-"

# What a terminal or an editor would obey: control characters, and those that reorder what is read.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def percent(value: float | None) -> str:
    """Return percent with one digit.

    Examples
    --------
    >>> [percent(81.54), percent(0), percent(None)]
    ['81.5', '0.0', '-']
    """
    return NOTHING if value is None else f"{value:.1f}"


def interval(share: Share | None) -> str:
    """Return Wilson's interval of a share."""
    return "" if share is None else f"{share.wilson[0]:.0f} to {share.wilson[1]:.0f}"


def counted(value: float | None) -> str:
    """Return a number with thousands apart.

    Examples
    --------
    >>> [counted(36941), counted(271.5), counted(None)]
    ['36,941', '271.5', '-']
    """
    if value is None:
        return NOTHING
    return f"{value:,.1f}" if value != int(value) else f"{int(value):,}"


def factor(value: float | None) -> str:
    """Return a coefficient such as kappa.

    Examples
    --------
    >>> [factor(0.614), factor(None)]
    ['0.61', '-']
    """
    return NOTHING if value is None else f"{value:.2f}"


def money(usd: float | None) -> str:
    """Return US dollars."""
    return NOTHING if usd is None else f"{usd:.2f} usd"


def novelty(row: Row) -> str:
    """Return novelty with its counts, as the paper does."""
    return NOTHING if row.novelty is None else f"{row.novelty:.1f} ({row.novel}/{row.features})"


def ended(row: Row) -> str:
    """Return how the tasks of a row ended."""
    return ", ".join(f"{count} {state}" for state, count in row.states.items()) or NOTHING


def one_line(text: str) -> str:
    """Return text on one line, without what would drive a terminal."""
    return " ".join(_CONTROL.sub(" ", text).split())
