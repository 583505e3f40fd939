"""Messages that wait: some for the next turn, some for the next step of the turn under way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

from repowright.agent.chat.events import QueueChanged, Waiting
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.errors import UserError
from repowright.agent.events import Event


class Queue:
    """The messages that wait, stored before they count as taken in; every change is told.

    A message is forgotten only once the conversation that holds it is stored: a crash in between leaves it in both,
    and ``forget`` puts that right on the next opening.
    """

    def __init__(self, ledger: LedgerFile, emit: Callable[[Event], object]) -> None:
        self._ledger = ledger
        self._emit = emit

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What waits, in the order of saying."""
        return self._ledger.kept.waiting

    def put(self, text: str, how: Literal["send", "steer"]) -> str:
        """Let a message wait and return its id."""
        message = self._ledger.next_message()
        self._keep((*self.waiting, Waiting(message=message, text=text, how=how)))
        return message

    def next(self) -> Waiting | None:
        """Return what the next turn begins with; what should have steered a turn that is over comes first."""
        steering = [each for each in self.waiting if each.how == "steer"]
        return next(iter([*steering, *self.waiting]), None)

    def steering(self, taken: Collection[str]) -> list[Waiting]:
        """Return what is to be said at the next step, but for what was taken already."""
        return [each for each in self.waiting if each.how == "steer" and each.message not in taken]

    def forget(self, messages: Collection[str]) -> None:
        """Drop messages that are part of the conversation now."""
        left = tuple(each for each in self.waiting if each.message not in messages)
        if left != self.waiting:
            self._keep(left)

    def take_back(self, message: str) -> None:
        """Drop a message that was not said yet.

        Raises
        ------
        UserError
            If it does not wait.
        """
        if message not in {each.message for each in self.waiting}:
            raise UserError(f"the message {message} does not wait", "it was said, or taken back, already")
        self.forget({message})

    def _keep(self, waiting: tuple[Waiting, ...]) -> None:
        self._ledger.update(waiting=waiting)
        self._emit(QueueChanged(waiting=list(waiting)))
