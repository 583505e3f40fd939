"""From a folder to an engine: the one place where a conversation gets all that it works with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.session import find_session, last_session, new_session
from repowright.agent.chat.session_engine import SessionEngine
from repowright.agent.settings import Settings
from repowright.executors import choose


async def open_chat(
    project: Path,
    settings: Settings,
    runs: Path,
    options: ChatOptions | None = None,
    environ: Mapping[str, str] = os.environ,
) -> SessionEngine:
    """Return the engine of a conversation in a folder; ``start`` sets it going.

    Raises
    ------
    UserError
        If the folder is none, or there is no such session.
    SandboxUnavailable
        If no sandbox can be had.
    """
    options = options or ChatOptions()
    found = last_session(project, runs) if options.session == "last" else None
    if options.session not in ("", "last"):
        found = find_session(options.session, runs)
    sandbox = await asyncio.to_thread(choose, settings.sandbox, unsafe_local=settings.unsafe_local)
    run = found or new_session(project, settings, runs, replay=options.replay)
    return SessionEngine(run, settings, sandbox, options, environ, resumed=found is not None)
