"""What the workflow's state holds, and what its steps work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from repowright.agent.approvals.redaction import Redactor
from repowright.agent.chat.entries import Entry, Thread
from repowright.agent.chat.events import ChatUser, Waiting
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.chat.permission import Permission
from repowright.agent.chat.queueing import Queue
from repowright.agent.chat.reading_list import Setting
from repowright.agent.chat.tools.tool import ChatTool, Desk
from repowright.agent.llm import Message


class ChatState(TypedDict, total=False):
    """Ids and counts alone; what was said lies in the artifact store.

    Keys
    ----
    tip
        Address of the newest entry of the conversation.
    turn
        The message whose turn is under way, or was cut off; empty between two turns.
    steps
        Replies of the model in the turn.
    anew
        How often what the model reads was replaced, by going back or by a summary: what is then asked in words that
        were asked before is asked anew.
    """

    tip: str
    turn: str
    steps: int
    anew: int


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass
class Hand:
    """What the steps of one sitting share.

    Parameters
    ----------
    window
        Tokens that the model can read at once.
    most_steps
        Replies in one turn.
    redactor
        Takes secrets out of all that the model reads.
    tip
        As in the state, for who asks between two steps.
    said
        Waiting messages that the conversation holds, and may drop from the queue once it is stored.
    stopping
        Whether the turn shall end after the step under way.
    """

    thread: Thread
    desk: Desk
    tools: Mapping[str, ChatTool]
    setting: Setting
    permission: Permission
    queue: Queue
    ledger: LedgerFile
    window: int
    most_steps: int
    redactor: Redactor
    tip: str = ""
    said: set[str] = field(default_factory=set)
    stopping: bool = False
    outfitted: Callable[[], Awaitable[None]] = _at_once
    """Waits until all tools are there, so that a turn which is done again reads the same list of them."""
    speaking: str = ""
    """Id of the reply that arrives now; empty between two."""

    def settle_queue(self) -> None:
        """Drop from the queue what the stored conversation holds."""
        self.queue.forget(self.said)
        self.said.clear()

    def hear(self, tip: str, waiting: Waiting) -> str:
        """Add a message of the user to the conversation and return the new tip."""
        entry = Entry(
            kind="user", id=waiting.message, message=Message(role="user", content=self.redactor.text(waiting.text))
        )
        self.said.add(waiting.message)
        self.desk.emit(ChatUser(message=waiting.message, text=waiting.text, how=waiting.how))
        return self.thread.add(tip, entry)
