"""From what the command line asked for to an engine and its screen."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine
    from repowright.agent.chat.events import Mode
    from repowright.tui.app.screens.chat import ChatScreen
    from repowright.tui.app.widgets.session_list import SessionLine


@dataclass(frozen=True)
class Wanted:
    """A conversation as it was asked for.

    Parameters
    ----------
    folder
        The project, absolute.
    session
        The id of a session to go on with, or ``last``; empty for a new one.
    mode
        What the agent may do unasked; ``None`` for the session's own.
    options
        The flags that set something, as the command line gave them; read after the first paint.
    """

    folder: Path
    session: str
    mode: Mode | None
    options: Mapping[str, Any]


async def open_engine(wanted: Wanted, asks: bool = True) -> Engine:
    """Make the engine; imports all that a conversation needs.

    Parameters
    ----------
    asks
        Whether there is somebody to ask for approvals.

    Raises
    ------
    AgentError
        If the settings, the model or the session cannot be used.
    SandboxError
        If no sandbox can be had.
    """
    import os

    from repowright.agent.chat.opening import open_chat
    from repowright.agent.chat.options import ChatOptions
    from repowright.agent.runs import runs_root
    from repowright.agent.settings import load_settings
    from repowright.tui.settings_options import flags_of

    settings = load_settings(flags_of(dict(wanted.options)), os.environ, wanted.folder)
    settings.require_model(os.environ)
    options = ChatOptions(session=wanted.session, mode=wanted.mode, attended=asks)
    return await open_chat(wanted.folder, settings, runs_root(os.environ), options)


def chat_screen(wanted: Wanted) -> ChatScreen:
    """Return the screen of the conversation; its engine is made after the first paint."""
    from repowright.tui.app.screens.chat import ChatScreen
    from repowright.tui.app.screens.run import Shown

    shown = Shown(f"repowright · {wanted.folder.name}", folder=wanted.folder)
    return ChatScreen(shown, _maker(wanted), _lister(wanted.folder))


def _maker(wanted: Wanted) -> Callable[[], Awaitable[Engine]]:
    return lambda: open_engine(wanted)


def _lister(folder: Path) -> Callable[[str], list[SessionLine]]:
    def lines(current: str) -> list[SessionLine]:
        import os

        from repowright.agent.chat.session import sessions_of
        from repowright.agent.runs import runs_root
        from repowright.tui.app.widgets.session_list import SessionLine

        found = sessions_of(folder, runs_root(os.environ))
        return [SessionLine(each.id, each.title, when(each.created), each.id == current) for each in found]

    return lines


def when(seconds: float) -> str:
    """Return a time in the user's own zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
