"""From a folder to an engine: the one place where a conversation gets all that it works with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.session import keep_lock, kept_lock, new_session, session_named
from repowright.agent.chat.session_engine import SessionEngine
from repowright.agent.errors import UserError
from repowright.agent.sandboxes import open_sandbox
from repowright.agent.settings import Settings


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
    SandboxError
        If no sandbox can be had, or the packages of the lock cannot be installed.
    """
    options = options or ChatOptions()
    found = session_named(options.session, project, runs)
    if found is not None and not found.out.is_dir():
        raise UserError(f"the folder {found.out} of the session {found.id} is gone", "put it back and try again")
    lock = options.lock or (kept_lock(found) if found is not None else "")
    sandbox = await asyncio.to_thread(open_sandbox, settings, lock)
    run = found or new_session(project, settings, runs, replay=options.replay)
    keep_lock(run, options.lock)
    return SessionEngine(run, settings, sandbox, options, environ, resumed=found is not None)
