"""The engine over a session: one sitting of its run, held until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from repowright.agent.approvals.redaction import Redactor
from repowright.agent.chat.chat_sitting import ChatSitting, Means
from repowright.agent.chat.conversation import Conversation
from repowright.agent.chat.events import Choice, Mode, RewindWhat
from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.session import entitle, fork_session
from repowright.agent.errors import UserError
from repowright.agent.events import EventBus, RunEnd, Subscriber
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.sitting import TYPED_ERRORS, Sitting, sit
from repowright.executors import Sandbox


class SessionEngine:
    """See ``engine.Engine``; made by ``opening.open_chat``."""

    def __init__(
        self,
        run: Run,
        settings: Settings,
        sandbox: Sandbox,
        options: ChatOptions,
        environ: Mapping[str, str],
        *,
        resumed: bool,
    ) -> None:
        self._run = run
        self._settings = settings
        self._sandbox = sandbox
        self._options = options
        self._environ = dict(environ)
        self._redactor = Redactor(environ, frozenset({settings.api_key_env}))
        self._resumed = resumed
        self._subscribers: list[Subscriber] = []
        self._sitting: ChatSitting | None = None
        self._task: asyncio.Task[RunEnd] | None = None

    @property
    def session(self) -> str:
        """The id of its run."""
        return self._run.id

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._sitting is not None and self._sitting.is_open and self._sitting.talk.busy

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell every event from now on; before ``start`` also those that are stored."""
        self._subscribers.append(subscriber)
        if self._sitting is not None:
            self._sitting.bus.subscribe(subscriber)

    async def start(self) -> None:
        """Open or resume the session; see ``Engine.start``."""
        for event in self._run.events() if self._resumed else []:
            for subscriber in self._subscribers:
                subscriber(event)
        ready = asyncio.Event()
        means = Means(self._options, self._environ, self._redactor, ready)

        def begin(bus: EventBus) -> Sitting:
            self._sitting = ChatSitting(self._run, self._settings, self._sandbox, bus, means)
            return self._sitting

        work = sit(self._run, self._settings, self._sandbox, begin, list(self._subscribers), resumed=self._resumed)
        self._task = asyncio.create_task(work)
        opened = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([self._task, opened], return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
        if not ready.is_set():
            await self._task

    async def send(self, text: str) -> None:
        """See ``Engine.send``."""
        talk = self._talk
        talk.send(text)
        entitle(self._run, self._redactor.text(text))

    async def steer(self, text: str) -> None:
        """See ``Engine.steer``."""
        self._talk.steer(text)

    async def drain(self) -> None:
        """See ``Engine.drain``."""
        self._talk.drain()

    async def cancel(self) -> None:
        """See ``Engine.cancel``."""
        await self._talk.cancel()

    async def resume_turn(self) -> None:
        """See ``Engine.resume_turn``."""
        self._talk.resume_turn()

    async def unqueue(self, message: str) -> None:
        """See ``Engine.unqueue``."""
        self._talk.unqueue(message)

    async def decide(self, approval: str, decision: Choice, reason: str = "") -> None:
        """See ``Engine.decide``."""
        self._talk.decide(approval, decision, reason)

    async def set_mode(self, mode: Mode) -> None:
        """See ``Engine.set_mode``."""
        self._talk.set_mode(mode)

    async def rewind(self, message: str, what: RewindWhat) -> None:
        """See ``Engine.rewind``."""
        await self._talk.rewind(message, what)

    async def compact(self) -> None:
        """See ``Engine.compact``."""
        await self._talk.compact()

    async def fork(self) -> str:
        """See ``Engine.fork``."""
        return (await asyncio.to_thread(fork_session, self._run)).id

    async def shell(self, command: str) -> None:
        """See ``Engine.shell``."""
        self._talk.shell(command)

    async def settled(self) -> None:
        """See ``Engine.settled``."""
        await self._talk.settled()

    async def close(self) -> None:
        """See ``Engine.close``."""
        task, self._task = self._task, None
        if self._sitting is not None:
            self._sitting.closing.set()
        elif task is not None:
            task.cancel()
        try:
            if task is not None:
                await asyncio.wait([task])
                _raise_untold(task)
        finally:
            await asyncio.to_thread(self._sandbox.close)

    @property
    def _talk(self) -> Conversation:
        if self._sitting is None or not self._sitting.is_open or self._sitting.closing.is_set():
            raise UserError(f"the session {self._run.id} is not open", "open it again")
        return self._sitting.talk


def _raise_untold(task: asyncio.Task[RunEnd]) -> None:
    """Raise what ended a sitting, but for what it has told as an event."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, TYPED_ERRORS):
        raise error
