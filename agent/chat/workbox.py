"""The sandbox of a conversation: one box that holds a copy of the project, brought up to date before each command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.chat.workspace import LARGEST_COPY
from repowright.executors import Box, Limits, Outcome, Sandbox, SandboxError, TransferBounds

LIMITS = Limits(wall_s=300, cpu_s=300, memory_mb=2048, pids=256, disk_mb=1024)
_NOTICED_S = 0.2
_BOUNDS = TransferBounds(bytes=2 * LARGEST_COPY, files=60_000, seconds=60)


@dataclass(frozen=True)
class Ran:
    """What a command said, and what it made of the copy's files.

    Parameters
    ----------
    changed
        Content by path; ``None`` for a file that is gone.
    unread
        Why the changes could not be read back; empty if they were.
    """

    outcome: Outcome
    changed: Mapping[str, bytes | None]
    unread: str = ""


class Workbox:
    """Opens its box at the first command, and a new one when that is spent."""

    def __init__(self, sandbox: Sandbox, limits: Limits = LIMITS) -> None:
        self.sandbox = sandbox
        self._limits = limits
        self._box: Box | None = None
        self._turn = threading.Lock()

    async def run(self, command: str, files: Mapping[str, bytes]) -> Ran:
        """Run a bash command line on a copy of the files; cancelled, it takes the box away under the command.

        Raises
        ------
        SandboxError
            If no box can be had, or what the command left cannot be read back.
        """
        work = asyncio.get_running_loop().run_in_executor(None, self._run, command, files)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # The box may only be opened now: it is taken away until the command has noticed.
            while not work.done():
                await asyncio.to_thread(self._drop)
                await asyncio.wait([work], timeout=_NOTICED_S)
            if not work.cancelled():
                # Marks the error as seen: the box was taken away under the command.
                work.exception()
            raise

    def close(self) -> None:
        """Remove the box; harmless when called twice."""
        self._drop()

    def _run(self, command: str, files: Mapping[str, bytes]) -> Ran:
        with self._turn:
            box = self._opened()
            box.sync(files, _BOUNDS)
            outcome = box.run(["bash", "-c", command], self._limits)
            if box.spent:
                self._drop()
                return Ran(outcome, {})
            try:
                changes = box.changes(_BOUNDS)
            except SandboxError as err:
                self._drop()
                return Ran(outcome, {}, err.message)
            changed: dict[str, bytes | None] = {path: file.data for path, file in changes.changed.items()}
            changed |= dict.fromkeys(changes.removed)
            return Ran(outcome, dict(sorted(changed.items())))

    def _opened(self) -> Box:
        if self._box is None:
            self._box = self.sandbox.open(self._limits)
        return self._box

    def _drop(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            try:
                box.close()
            except SandboxError:
                return
