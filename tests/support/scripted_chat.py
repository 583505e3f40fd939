"""An engine that says what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from repowright.agent import events as e
from repowright.agent.chat import events as c

T = 1_700_000_000.0


@dataclass
class ScriptedEngine:
    """Writes down what it is asked, and tells what the test says."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    subscribers: list[e.Subscriber] = field(default_factory=list)
    stored: Sequence[e.Event] = ()
    answers: Callable[[str], Sequence[e.Event]] = lambda _: ()
    session: str = "chat-1"
    busy: bool = False

    def subscribe(self, subscriber: e.Subscriber) -> None:
        self.subscribers.append(subscriber)

    def tell(self, *events: e.Event) -> None:
        for event in events:
            for subscriber in self.subscribers:
                subscriber(event if event.ts else event.model_copy(update={"ts": T, "run": self.session}))

    async def start(self) -> None:
        self.tell(*self.stored)

    async def send(self, text: str) -> None:
        self.asked.append(("send", text))
        self.tell(*self.answers(text))

    async def steer(self, text: str) -> None:
        self.asked.append(("steer", text))

    async def drain(self) -> None:
        self.asked.append(("drain",))

    async def cancel(self) -> None:
        self.asked.append(("cancel",))

    async def resume_turn(self) -> None:
        self.asked.append(("continue",))

    async def unqueue(self, message: str) -> None:
        self.asked.append(("unqueue", message))

    async def decide(self, approval: str, decision: c.Choice, reason: str = "") -> None:
        self.asked.append(("decide", approval, decision, reason))
        self.tell(c.ApprovalDecided(approval=approval, call="c2", decision=decision, reason=reason))

    async def set_mode(self, mode: c.Mode) -> None:
        self.asked.append(("mode", mode))
        self.tell(c.ModeChanged(mode=mode))

    async def rewind(self, message: str, what: c.RewindWhat) -> None:
        self.asked.append(("rewind", message, what))
        self.tell(c.Rewound(message=message, what=what, text="said before"))

    async def compact(self) -> None:
        self.asked.append(("compact",))

    async def fork(self) -> str:
        self.asked.append(("fork",))
        return "chat-2"

    async def shell(self, command: str) -> None:
        self.asked.append(("shell", command))

    async def settled(self) -> None:
        self.asked.append(("settled",))

    async def close(self) -> None:
        self.asked.append(("close",))
