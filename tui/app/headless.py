"""A conversation without a screen: the answer, or the events, on standard output; progress on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.follow import Presentation, present

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine

Work = Callable[["Engine"], Awaitable[None]]


class Answer:
    """A subscriber that keeps what was said last: a reply, or the result of the user's own command."""

    def __init__(self) -> None:
        self.text = ""
        self._own = ""

    def __call__(self, event: e.Event) -> None:
        if isinstance(event, c.ChatReply) and event.text.strip():
            self.text = event.text
        elif isinstance(event, c.ToolCalled) and not event.message:
            self._own = event.call
        elif isinstance(event, c.ToolResult) and event.call == self._own:
            self.text = event.text


def saying(text: str) -> Work:
    """Return the work of one message, or of one command after ``!``, and all that waits before it."""

    async def work(engine: Engine) -> None:
        await (engine.shell(text[1:].strip()) if text.startswith("!") else engine.send(text))
        await engine.settled()

    return work


async def going_on(engine: Engine) -> None:
    """Go on with a turn that was cut off and with what waits."""
    await engine.resume_turn()
    await engine.settled()


async def held(
    engine: Engine, work: Work, subscribers: Sequence[e.Subscriber] = (), clock: Callable[[], float] = time.time
) -> e.RunEnd:
    """Open the session, do the work, close it again, and return how it ended.

    What a resumed session tells of its past is left out.

    Raises
    ------
    AgentError, SandboxError
        If the session cannot be opened.
    """
    begun = clock()
    ends: list[e.RunEnd] = []

    def told(event: e.Event) -> None:
        if event.ts >= begun:
            ends.extend([event] if isinstance(event, e.RunEnd) else [])
            for subscriber in subscribers:
                subscriber(event)

    engine.subscribe(told)
    try:
        await engine.start()
        await work(engine)
    finally:
        await engine.close()
    return ends[-1]


def present_answer(as_json: bool) -> Presentation:
    """Choose how a conversation without a screen is shown: its events, or one line a step on standard error."""
    if as_json:
        shown = present(as_json=True, plain=True)
        return Presentation(shown.view, shown.screen, json=True, plain=True, concludes=False)
    from repowright.tui.app.plain import ProgressLines

    return _presented(ProgressLines(sys.stderr))


def present_nothing() -> Presentation:
    """Show nothing of a conversation that writes its own lines."""
    return _presented(lambda event: None)


def _presented(view: e.Subscriber) -> Presentation:
    return Presentation(view, contextlib.nullcontext(), json=False, plain=True, concludes=False)
