"""How the work of a session ended, for a shell that asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repowright.agent.sitting import Closing

Ended = Literal["done", "drained", "cancelled", "denied", "budget", "error", "steps"]
INTERNAL = 70
"""Exit code of a fault of the program itself."""

_CLOSINGS: dict[str, Closing] = {
    "done": Closing("done"),
    "failed": Closing("failing", 1),
    "drained": Closing("interrupted", 130),
    "cancelled": Closing("interrupted", 130),
    "denied": Closing("stopped", 5),
    "budget": Closing("budget", 4),
    "steps": Closing("budget", 4),
}


@dataclass(frozen=True)
class Ending:
    """How the last turn, or the last command of the user, ended.

    Parameters
    ----------
    status
        ``failed`` is for a command alone.
    error_code
        The exit code of what a turn met that ended with ``error``.
    """

    status: Ended | Literal["failed"] = "done"
    error_code: int = INTERNAL

    @property
    def closing(self) -> Closing:
        """As the end of a run that nobody attends."""
        return _CLOSINGS.get(self.status) or Closing("error", self.error_code)
