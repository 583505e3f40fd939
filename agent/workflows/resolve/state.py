"""What the checkpoints of a resolution hold: names and addresses; everything long lies in the artifact store."""

from __future__ import annotations

from typing import TypedDict


class ResolveState(TypedDict, total=False):
    """State of a resolution."""

    files: list[str]
    """Ranked files, best first."""
    functions: list[str]
    """Ranked functions, best first."""
    suspects: str
    """Address of the model's picks with reasons."""
    reproduction: str
    """Address of the test that shows the issue."""
    change: str
    """Address of the edited copy."""
    comparison: str
    """Address of the tests before and after."""
    round: int
    """How often the change was worked on."""
    resolution: str
    """Address of the result; there once it is delivered."""
