"""One turn without a screen: the answer, or the events, on standard output; progress on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine

_CODES = {
    "done": ExitCode.DONE,
    "drained": ExitCode.INTERRUPTED,
    "cancelled": ExitCode.INTERRUPTED,
    "denied": ExitCode.APPROVAL_NEEDED,
    "budget": ExitCode.BUDGET_SPENT,
    "steps": ExitCode.BUDGET_SPENT,
}


class Outcome:
    """A subscriber that keeps what the turn came to."""

    def __init__(self) -> None:
        self.answer = ""
        self.status: str = ""
        self.failure: e.Failure | None = None

    def __call__(self, event: e.Event) -> None:
        if isinstance(event, c.ChatReply) and event.text.strip():
            self.answer = event.text
        elif isinstance(event, c.TurnEnd):
            self.status = event.status
        elif isinstance(event, e.Failure):
            self.failure = event

    @property
    def exit_code(self) -> int:
        """How it ended, for the shell; a turn that never ended is a failure."""
        return int(_CODES.get(self.status, ExitCode.FAILING))


async def one_turn(
    engine: Engine, text: str, stdout: TextIO, stderr: TextIO, as_json: bool, clock: Callable[[], float] = time.time
) -> int:
    """Say one thing, wait until nothing is left to do, and return the exit code.

    What a resumed session tells of its past is left out.

    Raises
    ------
    AgentError
        If the session cannot be opened.
    """
    outcome, view, begun = Outcome(), _view(stdout, stderr, as_json), clock()

    def told(event: e.Event) -> None:
        if event.ts >= begun:
            outcome(event)
            view(event)

    engine.subscribe(told)
    await engine.start()
    try:
        await (engine.shell(text[1:].strip()) if text.startswith("!") else engine.send(text))
        await engine.settled()
    finally:
        await engine.close()
    if not as_json and outcome.answer:
        stdout.write(f"{outcome.answer.rstrip()}\n")
    return outcome.exit_code


def _view(stdout: TextIO, stderr: TextIO, as_json: bool) -> e.Subscriber:
    if as_json:
        from repowright.tui.json_lines import JsonLines

        return JsonLines(stdout)
    from repowright.tui.app.plain import ProgressLines

    return ProgressLines(stderr)
