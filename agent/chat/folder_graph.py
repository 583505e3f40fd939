"""The folder's graph, encoded in the background at the start and brought up to date before it is asked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from repowright.agent.chat.events import GraphState
from repowright.agent.errors import UserError
from repowright.agent.events import Event
from repowright.graph.encode import Encoded, encode, load_graph
from repowright.graph.errors import GraphError
from repowright.graph.model import RPG
from repowright.repo_tools.errors import RepoToolsError

_log = logging.getLogger(__name__)

WATCH_S = 5.0
"""Seconds between two looks at whether files changed."""


class FolderGraph:
    """One folder's stored graph; reading it waits for the encoding under way.

    Parameters
    ----------
    watch_s
        Seconds between two looks; 0 to look only when the graph is asked for.
    """

    def __init__(self, folder: Path, emit: Callable[[Event], object], watch_s: float = WATCH_S) -> None:
        self.folder = folder
        self._emit = emit
        self._watch_s = watch_s
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stored: Path | None = None
        self._rpg: RPG | None = None
        self._state = ""

    def begin(self) -> None:
        """Encode in the background, then look now and then whether files changed."""
        self._task = asyncio.create_task(self._keep_fresh())

    async def fresh(self) -> RPG:
        """Return the graph of the folder as it is now.

        Raises
        ------
        UserError
            If it cannot be encoded.
        """
        await self._update()
        if self._stored is None:
            raise UserError("the folder's graph cannot be had", "use list, grep and read instead")
        if self._rpg is None:
            self._rpg = await asyncio.to_thread(load_graph, self._stored)
        return self._rpg

    @property
    def stored(self) -> Path | None:
        """Where the graph is stored; ``None`` before it was encoded."""
        return self._stored

    async def close(self) -> None:
        """Stop looking; an encoding under way is waited for, since it holds the store."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        async with self._turn:
            return

    async def _keep_fresh(self) -> None:
        try:
            await self._update()
            while self._watch_s:
                await asyncio.sleep(self._watch_s)
                await self._update()
        except Exception as err:  # a conversation goes on without its graph, but not in the belief that one will come
            _log.exception("the graph of %s is no longer kept fresh", self.folder)
            self._tell(GraphState(state="failed", reason=f"a fault of repowright itself: {err!r}"))

    async def _update(self) -> None:
        async with self._turn:
            if self._stored is None:
                self._tell(GraphState(state="encoding"))
            started = time.monotonic()
            work = asyncio.ensure_future(asyncio.to_thread(self._encode))
            try:
                encoded = await asyncio.shield(work)
            except asyncio.CancelledError:
                # The thread goes on and holds the store: who closes the session must wait for it.
                await asyncio.wait([work])
                raise
            except (GraphError, RepoToolsError, OSError) as err:
                self._tell(GraphState(state="failed", reason=str(err)))
                return
            await self._take(encoded, time.monotonic() - started)

    async def _take(self, encoded: Encoded, seconds: float) -> None:
        report = encoded.report
        if self._stored is not None and not (report.changed or report.read or report.removed):
            return
        self._stored, self._rpg = encoded.store_path, None
        self._tell(
            GraphState(
                state="ready",
                path=str(encoded.store_path),
                nodes=report.nodes,
                edges=report.edges,
                seconds=seconds,
            )
        )

    def _encode(self) -> Encoded:
        return encode(self.folder)

    def _tell(self, event: GraphState) -> None:
        told = f"{event.state} {event.reason}"
        if event.state == "ready" or told != self._state:
            self._state = told
            self._emit(event)
