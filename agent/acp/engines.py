"""What the editor's side needs of conversations: a new one, an earlier one, and the list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from repowright.agent.chat.engine import Engine
from repowright.agent.mcp.config import ServerConfig


async def _nothing() -> None:
    """Hold nothing."""


@dataclass(frozen=True)
class Opened:
    """A conversation that can be started.

    Parameters
    ----------
    notes
        What the user should know of its means.
    release
        Lets go of what else it holds, once its engine is closed.
    """

    engine: Engine
    notes: tuple[str, ...] = ()
    release: Callable[[], Awaitable[None]] = _nothing


@dataclass(frozen=True)
class SessionLine:
    """One earlier conversation; ``updated`` is in seconds since the epoch."""

    session: str
    folder: Path
    title: str
    updated: float


class Engines(Protocol):
    """Opens conversations; none is started yet when it is returned."""

    async def new(self, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        """Return a new conversation in a folder, with the servers the editor brings.

        Raises
        ------
        AgentError
            If none can be had.
        """

    async def resume(self, session: str, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        """Return an earlier conversation.

        Raises
        ------
        AgentError
            If there is none of that name, or it is open elsewhere.
        """

    def listed(self, folder: Path | None) -> list[SessionLine]:
        """Return the conversations in a folder, or all, the newest first."""
