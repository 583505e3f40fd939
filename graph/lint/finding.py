"""What the linter says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repowright.graph.records import Node

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a plan.

    Parameters
    ----------
    code
        Stable name of the check: ``duplicate-feature``.
    severity
        An error must be mended before the next stage; a warning is advice.
    message
        One sentence that names things as the plan does, so that a model can act on it.
    nodes
        Ids of the nodes concerned.
    """

    code: str
    severity: Severity
    message: str
    nodes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.severity} {self.code}: {self.message}"


def error(code: str, message: str, *nodes: Node) -> Finding:
    """Return a finding that must be mended."""
    return Finding(code, "error", message, tuple(node.id for node in nodes))


def warning(code: str, message: str, *nodes: Node) -> Finding:
    """Return a finding that is advice."""
    return Finding(code, "warning", message, tuple(node.id for node in nodes))
