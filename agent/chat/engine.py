"""The seam between a conversation and whoever shows it: commands go in, events come out.

``opening.open_chat`` makes one for a folder, new or resumed. No method waits for the agent: each returns once its
command is taken and stored; what comes of it is told as events. All raise nothing but ``AgentError`` for a command
that makes no sense (an approval that is not open, a message that is not there); everything else is a ``note``, an
``error`` or the status of ``turn.end``.
"""

from __future__ import annotations

from typing import Protocol

from repowright.agent.chat.events import Choice, Mode, RewindWhat
from repowright.agent.events import Subscriber


class Engine(Protocol):
    """One conversation in one folder."""

    @property
    def session(self) -> str:
        """The id of its run, known from the beginning."""

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell every event from now on; called before ``start`` it also gets a resumed session's stored events.

        Called in the loop of the engine, never from another thread.
        """

    async def start(self) -> None:
        """Open or resume the session, and begin to encode the folder in the background.

        Raises
        ------
        AgentError
            If the session is open elsewhere or damaged, or no sandbox can be used.
        """

    async def send(self, text: str) -> None:
        """Say something; it waits if a turn is under way (Enter)."""

    async def steer(self, text: str) -> None:
        """Say something at the next step of the turn under way; as ``send`` when there is none (Ctrl+S)."""

    async def drain(self) -> None:
        """Finish the step under way, then stop; the queue stays (Esc)."""

    async def cancel(self) -> None:
        """Stop now; the queue stays (Esc Esc)."""

    async def resume_turn(self) -> None:
        """Go on with a turn that was drained, cancelled or cut off, or take the next message of the queue."""

    async def unqueue(self, message: str) -> None:
        """Take a waiting message back."""

    async def decide(self, approval: str, decision: Choice, reason: str = "") -> None:
        """Answer an ``approval.ask``."""

    async def set_mode(self, mode: Mode) -> None:
        """Say what the agent may do unasked, from its next call on."""

    async def rewind(self, message: str, what: RewindWhat) -> None:
        """Go back to before a message of the user; cancels a turn under way."""

    async def compact(self) -> None:
        """Summarise what the model reads now, between two turns."""

    async def fork(self) -> str:
        """Copy the session as it stands into a new one and return its id; this one goes on unchanged."""

    async def shell(self, command: str) -> None:
        """Run the user's own command in the sandbox (``!``); the next turn knows of it."""

    async def settled(self) -> None:
        """Wait until no turn is under way and nothing waits (headless)."""

    async def close(self) -> None:
        """Stop the work, store everything, emit ``run.end`` and let the session go; safe to call twice.

        What keeps ``run.end`` from being told, such as a full disk, is raised.
        """
