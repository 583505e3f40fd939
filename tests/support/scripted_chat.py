"""An engine that says what a test wants, and a program that talks with one in a real terminal."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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


class SlowEngine(ScriptedEngine):
    """Streams a reply, asks for an approval, and ends the turn when it is given or when it is stopped."""

    async def send(self, text: str) -> None:
        self.asked.append(("send", text))
        self._turn = asyncio.create_task(self._speak(text))

    async def _speak(self, text: str) -> None:
        self.tell_now(c.ChatUser(message="m1", text=text), c.TurnStart(message="m1"))
        for number in range(30):
            self.tell_now(c.ChatDelta(message="m2", text=f"word{number} "))
            await asyncio.sleep(0.02)
        said = " ".join(f"word{number}" for number in range(30))
        self.tell_now(
            c.ChatReply(message="m2", text=said, calls=1),
            c.ToolCalled(call="c1", message="m2", name="shell", title="shell ls", arguments="{}"),
            c.ApprovalAsk(approval="a1", call="c1", tool="shell", title="shell ls", scope=["shell: ls *"]),
        )

    async def decide(self, approval: str, decision: c.Choice, reason: str = "") -> None:
        self.tell_now(
            c.ApprovalDecided(approval=approval, call="c1", decision=decision, reason=reason),
            c.ToolResult(call="c1", name="shell", state="done", text="README.md", seconds=0.1),
            c.ChatReply(message="m3", text=f"decided {decision}"),
        )

    async def drain(self) -> None:
        self.tell_now(c.TurnEnd(message="m1", status="drained", steps=2))

    def tell_now(self, *events: e.Event) -> None:
        self.tell(*(event.model_copy(update={"ts": time.time(), "run": self.session}) for event in events))


def main(folder: Path) -> int:
    from repowright.tui.app.app import RepowrightApp
    from repowright.tui.app.screens.chat import ChatScreen
    from repowright.tui.app.screens.run import Shown

    async def make() -> SlowEngine:
        return SlowEngine()

    return RepowrightApp(lambda: ChatScreen(Shown("scripted", folder=folder), make)).run() or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
