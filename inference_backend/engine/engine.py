"""The engine in a thread of its own, asked from an event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self, TypeVar

from repowright.inference_backend.engine.core import Update
from repowright.inference_backend.engine.request import Delta, Request
from repowright.inference_backend.engine.settings import EngineStats
from repowright.inference_backend.errors import InferenceError

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")
_NAP_S = 1.0


class Core(Protocol):
    """What the thread asks of whatever computes: `EngineCore`, or llama.cpp behind the same questions."""

    @property
    def longest(self) -> int:
        """Tokens a prompt and its answer can have together, at most."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""

    @property
    def pinned(self) -> int:
        """Finished turns that are kept for their programs."""

    @property
    def stats(self) -> EngineStats:
        """Where it stands, and what it has done."""

    def add(self, request: Request) -> None:
        """Take a request; see `EngineCore.add` for what is refused."""

    def cancel(self, name: str) -> Update | None:
        """Stop a request; None if it is not under way."""

    def fail(self, error: InferenceError) -> list[Update]:
        """Give all requests up."""

    def tool_called(self, job: str, tool: str) -> None:
        """Say which tool the last turn of a program called."""

    def program_ended(self, job: str) -> None:
        """Say that no turn of a program follows."""

    def step(self) -> list[Update]:
        """Compute one step and return what the answers grew by."""


class Engine:
    """Runs a `Core` in a thread; a context manager.

    The thread sleeps while nothing is asked. All calls may come from any thread; `submit` from any event loop.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._changed = threading.Condition()
        self._orders: list[Callable[[], None]] = []
        self._answers: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Queue[Delta]]] = {}
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the thread; requests under way fail."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def longest(self) -> int:
        """Tokens a prompt and its answer can have together, at most."""
        return self._core.longest

    async def stats(self) -> EngineStats:
        """Return where the engine stands, as of the end of the step under way."""
        return await self._ask(lambda: self._core.stats)

    async def submit(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Yield what the answer grows by; the last part says why it ends there. Leaving the loop cancels the request.

        Raises
        ------
        RequestTooLong
            If the prompt is too long.
        Overloaded
            If too many requests wait.
        InferenceError
            If the engine gave the request up.
        ValueError
            If the request is malformed.
        """
        queue: asyncio.Queue[Delta] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        is_over = False
        await self._ask(lambda: self._begin(request, loop, queue))
        try:
            while not is_over:
                delta = await queue.get()
                is_over = delta.finish is not None
                if delta.error:
                    raise delta.error
                yield delta
        finally:
            if not is_over:
                self.cancel(request.name)

    def cancel(self, name: str) -> None:
        """Stop a request at the end of the step under way; one that is over already stays so."""
        if not self._is_closing:
            self._order(lambda: self._hand_out(_listed(self._core.cancel(name))))

    def tool_called(self, job: str, tool: str) -> None:
        """Say which tool the last turn of a program called; see `EngineCore.tool_called`."""
        self._order(lambda: self._core.tool_called(job, tool))

    def program_ended(self, job: str) -> None:
        """Say that no turn of a program follows; see `EngineCore.program_ended`."""
        self._order(lambda: self._core.program_ended(job))

    def _begin(self, request: Request, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Delta]) -> None:
        self._core.add(request)
        self._answers[request.name] = loop, queue

    async def _ask(self, question: Callable[[], _Result]) -> _Result:
        """Let the engine's thread answer between two steps."""
        future: Future[_Result] = Future()

        def answer() -> None:
            try:
                future.set_result(question())
            except (InferenceError, ValueError) as err:
                future.set_exception(err)

        self._order(answer)
        return await asyncio.shield(asyncio.wrap_future(future))

    def _order(self, order: Callable[[], None]) -> None:
        with self._changed:
            if self._is_closing or not self._thread.is_alive():
                raise InferenceError("the engine does not run", "start it, and ask while it is open")
            self._orders.append(order)
            self._changed.notify()

    def _run(self) -> None:
        while self._obey():
            try:
                updates = self._core.step()
            except Exception as err:
                _log.exception("a step of the engine failed")
                failure = InferenceError(f"a step of the engine failed: {err}", "ask again")
                updates = self._core.fail(failure)
            self._hand_out(updates)
        self._hand_out(self._core.fail(InferenceError("the engine was closed", "start it again")))

    def _obey(self) -> bool:
        """Do what was ordered, once there is something to do; False if the engine closes."""
        with self._changed:
            # Where turns are pinned, their times are looked at though nothing is asked.
            nap = _NAP_S if self._core.pinned else None
            self._changed.wait_for(lambda: self._orders or self._is_closing or not self._core.is_idle, nap)
            orders, self._orders = self._orders, []
        for order in orders:
            order()
        return not self._is_closing

    def _hand_out(self, updates: list[Update]) -> None:
        for name, delta in updates:
            loop, queue = self._answers[name]
            if delta.finish:
                del self._answers[name]
            if not loop.is_closed():
                loop.call_soon_threadsafe(queue.put_nowait, delta)


def _listed(update: Update | None) -> list[Update]:
    return [] if update is None else [update]
