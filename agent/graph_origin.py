"""Where a run's plan comes from, if it was not planned from the specification alone."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Keep(StrEnum):
    """How much of a graph a reconstruction is given (RPG-Encoder, section 3.8 of the experiments)."""

    FEATURES = "features"
    """Areas and features; files and interfaces are designed anew."""
    FILES = "files"
    """Also files, what they depend on, and the features of each; interfaces are designed anew."""
    INTERFACES = "interfaces"
    """Everything but bodies: also signatures and docstrings."""


class GraphOrigin(BaseModel):
    """The graph a run was begun from.

    Parameters
    ----------
    graph
        SHA-256 of its canonical JSON, 64 hex digits.
    name
        The package's name there.
    alias
        The name it has in this run; empty if it was not renamed.
    code
        Whether the original's code was at hand, of which heads, fields and declarations were read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    graph: str
    keep: Keep
    name: str
    alias: str = ""
    code: bool = False
