"""What a tool wants to do, as approvals judge it and people read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from repowright.agent.approvals.gate import Call


@dataclass(frozen=True)
class Wish:
    """One thing that needs a yes, from a rule, the mode or the user.

    Parameters
    ----------
    call
        Id of the call it is part of.
    what
        What rules and modes judge.
    detail
        All that would happen: a unified diff, or the command line.
    """

    call: str
    what: Call
    title: str
    detail: str = ""


class Refused(Exception):
    """The wish was not granted; the reason goes back to the model."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Permit(Protocol):
    """Grants wishes."""

    async def __call__(self, wish: Wish) -> None:
        """Return when the wish is granted.

        Raises
        ------
        Refused
            If it is not.
        """
