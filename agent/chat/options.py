"""How a conversation is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.chat.events import Mode
from repowright.agent.chat.folder_graph import WATCH_S
from repowright.agent.chat.tools.tool import ChatTool
from repowright.agent.mcp.config import ServerConfig


@dataclass(frozen=True)
class ChatOptions:
    """How a conversation is opened.

    Parameters
    ----------
    session
        Id, or start of the id, of a session to go on with; ``last`` for the folder's newest; empty for a new one.
    mode
        ``None`` for the session's own, ``ask`` in a new one.
    attended
        Whether somebody is there to decide; if not, what would be asked is refused.
    window
        Tokens that the model can read at once.
    most_steps
        Replies in one turn.
    watch_s
        Seconds between two looks at whether files changed; 0 for none.
    tools
        Of other servers, which serve already.
    servers
        Which are started with the session; one that the project brings, only when the user agrees.
    lock
        Text of the project's dependencies in exact versions, installed into the sandbox; empty for those that the
        session was opened with before, if any.
    replay
        The folder of a session whose answers a new one takes, in the place of a model's.
    """

    session: str = ""
    mode: Mode | None = None
    attended: bool = True
    window: int = 128_000
    most_steps: int = 100
    watch_s: float = WATCH_S
    tools: Sequence[ChatTool] = ()
    servers: Sequence[ServerConfig] = ()
    lock: str = ""
    replay: Path | None = None
