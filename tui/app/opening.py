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
    from repowright.agent.run import Run
    from repowright.agent.settings import Settings
    from repowright.tui.app.screens.chat import ChatScreen
    from repowright.tui.app.widgets.session_list import SessionLine


@dataclass(frozen=True)
class Wanted:
    """A conversation as it was asked for.

    Parameters
    ----------
    folder
        The project, absolute; a session that is named has its own.
    session
        A session to go on with: its id, the start of it, its folder, or ``last``; empty for a new one.
    mode
        What the agent may do unasked; ``None`` for the session's own.
    options
        The flags that set something, as the command line gave them; read after the first paint.
    lock
        File of the project's dependencies in exact versions.
    replay
        A run or a recording whose answers a new session takes; empty for those of a model.
    """

    folder: Path
    session: str
    mode: Mode | None
    options: Mapping[str, Any]
    lock: Path | None = None
    replay: str = ""


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
    from repowright.agent.chat.session import session_named
    from repowright.agent.mcp.config import load_servers
    from repowright.agent.runs import find_recording, runs_root
    from repowright.agent.sandboxes import read_lock

    runs = runs_root(os.environ)
    found = session_named(wanted.session, wanted.folder, runs)
    project = found.out if found is not None else wanted.folder
    recording = find_recording(wanted.replay, runs) if wanted.replay else None
    settings = _settings(wanted, found, project, recording)
    options = ChatOptions(
        session=str(found.folder) if found is not None else "",
        mode=wanted.mode,
        attended=asks,
        servers=load_servers(os.environ, project),
        lock=read_lock(wanted.lock) if wanted.lock is not None else "",
        replay=recording,
    )
    return await open_chat(project, settings, runs, options)


def _settings(wanted: Wanted, found: Run | None, project: Path, recording: Path | None) -> Settings:
    """Return what was asked for; of a session, what it was made with, though it may go on with another model."""
    import os

    from repowright.agent.manifest import read_manifest
    from repowright.agent.settings import load_settings
    from repowright.tui.settings_options import flags_of

    flags = flags_of(dict(wanted.options))
    recorded = read_manifest(recording).settings if recording is not None else None
    remembered = found.manifest.settings if found is not None else None
    if remembered is not None and flags.model is not None:
        remembered = remembered.model_copy(update={"model": flags.model})
    settings = load_settings(flags, os.environ, project, remembered=remembered, recorded=recorded)
    if recording is None and (found is None or not found.manifest.replay):
        settings.require_model(os.environ)
    return settings


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
