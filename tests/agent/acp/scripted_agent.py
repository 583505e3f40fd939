"""An agent whose engine follows a script, on the real wire: what the editor's side is tested against."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from repowright.agent.acp.agent import serve
from repowright.agent.acp.engines import Opened, SessionLine
from repowright.agent.acp.wire import standard_wire
from repowright.agent.chat import events as e
from repowright.agent.errors import AgentError, RunNotFound
from repowright.agent.events import Event, Failure, Subscriber
from repowright.agent.mcp.config import ServerConfig

DIFF = "--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
EARLIER: list[Event] = [
    e.ChatUser(message="m1", text="what is this?"),
    e.TurnStart(message="m1"),
    e.ToolCalled(call="c1", message="m2", name="read", title="read shop.py", arguments='{"path": "shop.py"}'),
    e.ToolResult(call="c1", name="read", state="done", text="a = 1"),
    e.ApprovalAsk(approval="a1", call="c2", tool="shell", title="shell ls"),
    e.ApprovalDecided(approval="a1", call="c2", decision="once"),
    e.ChatReply(message="m3", text="A shop."),
    e.TurnEnd(message="m1", status="done"),
    e.ModeChanged(mode="auto-edit"),
]


class ScriptedEngine:
    """Does what the message names."""

    def __init__(self, session: str, stored: Sequence[Event] = ()) -> None:
        self.session = session
        self.busy = False
        self._stored = stored
        self._subscribers: list[Subscriber] = []
        self._task: asyncio.Task[None] | None = None
        self._decisions: dict[str, asyncio.Future[str]] = {}
        self._said = 0

    def subscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.append(subscriber)

    async def start(self) -> None:
        for event in self._stored:
            self._emit(event)

    async def send(self, text: str) -> None:
        self._said += 1
        message = f"m{self._said}"
        self.busy = True
        self._task = asyncio.create_task(self._turn(message, text))

    async def steer(self, text: str) -> None:
        await self.send(text)

    async def drain(self) -> None:
        await self.cancel()

    async def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def resume_turn(self) -> None:
        raise AgentError("nothing to go on with")

    async def unqueue(self, message: str) -> None:
        raise AgentError(f"{message} does not wait")

    async def decide(self, approval: str, decision: e.Choice, reason: str = "") -> None:
        self._emit(e.ApprovalDecided(approval=approval, call="c1", decision=decision, reason=reason))
        self._decisions[approval].set_result(decision)

    async def set_mode(self, mode: e.Mode) -> None:
        self._emit(e.ModeChanged(mode=mode))

    async def rewind(self, message: str, what: e.RewindWhat) -> None:
        raise AgentError("not scripted")

    async def compact(self) -> None:
        raise AgentError("not scripted")

    async def fork(self) -> str:
        raise AgentError("not scripted")

    async def shell(self, command: str) -> None:
        raise AgentError("not scripted")

    async def settled(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        await self.cancel()
        sys.stderr.write(f"closed {self.session}\n")

    def _emit(self, event: Event) -> None:
        for subscriber in self._subscribers:
            subscriber(event)

    async def _turn(self, message: str, text: str) -> None:
        self._emit(e.ChatUser(message=message, text=text))
        self._emit(e.TurnStart(message=message))
        acts: dict[str, Callable[[], Coroutine[None, None, e.TurnEnd]]] = {
            "edit": self._edit,
            "wait": self._wait,
            "fail": self._fail,
            "print": self._print,
            "plan": self._plan,
        }
        try:
            end = await acts[text.split()[0]]() if text.split()[0] in acts else await self._answer(text)
        except asyncio.CancelledError:
            end = e.TurnEnd(message=message, status="cancelled")
        self.busy = False
        self._emit(end)

    async def _answer(self, text: str) -> e.TurnEnd:
        whole = f"You said: {text}"
        for piece in (whole[:4], whole[4:9]):
            self._emit(e.ChatDelta(message="r1", text=piece))
        self._emit(e.ChatReply(message="r1", text=whole))
        return e.TurnEnd(message="", status="budget" if text == "budget" else "done")

    async def _edit(self) -> e.TurnEnd:
        arguments = '{"path": "shop.py", "old": "a = 1", "new": "a = 2"}'
        self._emit(e.ToolCalled(call="c1", message="r1", name="edit", title="edit shop.py", arguments=arguments))
        self._decisions["a1"] = asyncio.get_running_loop().create_future()
        self._emit(
            e.ApprovalAsk(
                approval="a1", call="c1", tool="edit", title="edit shop.py", detail=DIFF, scope=["edit shop.py"]
            )
        )
        if await self._decisions["a1"] == "deny":
            self._emit(e.ToolResult(call="c1", name="edit", state="denied", text="not allowed"))
            return e.TurnEnd(message="", status="denied")
        self._emit(e.FileChange(path="shop.py", diff=DIFF, added=1, removed=1, call="c1"))
        self._emit(e.ToolResult(call="c1", name="edit", state="done", text="changed"))
        return e.TurnEnd(message="", status="done")

    async def _wait(self) -> e.TurnEnd:
        await asyncio.sleep(600)
        raise AssertionError("it is cancelled before")

    async def _fail(self) -> e.TurnEnd:
        self._emit(Failure(error="ModelUnreachable", message="no endpoint answers", hint="start one"))
        return e.TurnEnd(message="", status="error")

    async def _print(self) -> e.TurnEnd:
        sys.stdout.write("this would break the protocol\n")
        sys.stdout.flush()
        os.write(1, b"and this\n")
        return e.TurnEnd(message="", status="done")

    async def _plan(self) -> e.TurnEnd:
        self._emit(e.PlanChanged(plan="- [x] look\n- [~] mend\n- [ ] test"))
        return e.TurnEnd(message="", status="steps")


class ScriptedEngines:
    """New ones are empty; the only earlier one is ``earlier``."""

    def __init__(self) -> None:
        self._count = 0

    async def new(self, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        self._count += 1
        named = "-".join(server.name for server in servers)
        return Opened(ScriptedEngine(f"s{self._count}{named}"))

    async def resume(self, session: str, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        if session != "earlier":
            raise RunNotFound(f"no run {session}", "see repowright runs list")
        return Opened(ScriptedEngine(session, EARLIER))

    def listed(self, folder: Path | None) -> list[SessionLine]:
        return [SessionLine("earlier", folder or Path("/p"), "what is this?", 1_700_000_000.0)]


async def main() -> None:
    async with standard_wire() as wire:
        await serve(ScriptedEngines(), wire)


if __name__ == "__main__":
    asyncio.run(main())
