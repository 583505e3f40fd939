"""Conversations of the real engine: a real endpoint on the loopback that says what a test wants, a real folder."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from scripted_judge import Script, served

from repowright.agent.chat.events import ApprovalAsk, Mode
from repowright.agent.chat.opening import open_chat
from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.session_engine import SessionEngine
from repowright.agent.events import Event
from repowright.agent.settings import Settings

E = TypeVar("E")
Said = str | list[dict[str, Any]]
"""Text, or calls of tools."""

FILES = {
    "shop/__init__.py": "",
    "shop/price.py": "def total(prices):\n    return sum(prices) - 1\n",
    "tests/test_price.py": "from shop.price import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    "README.md": "# Shop\n",
}


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """Return a call as the endpoint tells it."""
    return {"name": name, "arguments": arguments}


EDIT = call("edit", path="shop/price.py", old="sum(prices) - 1", new="sum(prices)")


@dataclass
class Talk(Script):
    """Says one thing after the other; when all is said, ``the end``."""

    parts: dict[str, Any] = field(default_factory=dict)
    says: list[Said] = field(default_factory=list)
    summary: str = "It was about the shop."
    by_place: bool = False
    """Whether what is said depends on how often it spoke already, so that asking again brings the same."""

    def answer(self, body: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
        with self._lock:
            self.requests.append(body)
            count = len(self.requests)
        self.wait(count)
        if not body.get("tools"):
            return self.summary, []
        if self.by_place:
            spoken = sum(message["role"] == "assistant" for message in body["messages"])
            said = self.says[spoken] if spoken < len(self.says) else "the end"
            return (said, []) if isinstance(said, str) else (None, said)
        with self._lock:
            said = self.says.pop(0) if self.says else "the end"
        return (said, []) if isinstance(said, str) else (None, said)

    def read(self, number: int) -> str:
        """Return all that the model read in a request."""
        return "\n".join(str(message) for message in self.requests[number]["messages"])


@dataclass
class Room:
    """A project, the runs beside it, and what was told."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    on_ask: Callable[[ApprovalAsk], str] | None = lambda ask: "once"
    """What the user answers; ``None`` to answer by hand."""

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def make(self, files: Mapping[str, str] = FILES) -> Room:
        for path, text in files.items():
            target = self.project / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        for argv in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
            identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
            subprocess.run(["git", *identity, *argv], cwd=self.project, check=True, timeout=30)
        return self

    def read(self, path: str) -> str:
        return (self.project / path).read_text()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @asynccontextmanager
    async def talking(
        self, talk: Talk, mode: Mode | None = None, session: str = "", **options: Any
    ) -> AsyncIterator[SessionEngine]:
        """Open a session over a served talk; it is closed at the end."""
        with served(talk) as url:
            engine = await self.open(url, mode, session, **options)
            await engine.start()
            try:
                yield engine
            finally:
                await engine.close()

    async def open(self, url: str, mode: Mode | None = None, session: str = "", **options: Any) -> SessionEngine:
        """Return an engine that is not started yet."""
        values = {"model": "scripted", "base_url": url, "sandbox": "local", "unsafe_local": True, **self.settings}
        environ = {"REPOWRIGHT_CONFIG": str(self.folder / "config" / "config.toml"), **self.environ}
        chosen = ChatOptions(session=session, mode=mode, watch_s=0, **options)
        engine = await open_chat(self.project, Settings.model_validate(values), self.runs, chosen, environ)
        engine.subscribe(self.events.append)
        engine.subscribe(lambda event: self._decide(engine, event))
        return engine

    def _decide(self, engine: SessionEngine, event: Event) -> None:
        if isinstance(event, ApprovalAsk) and self.on_ask is not None:
            choice = self.on_ask(event)
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(engine.decide(event.approval, choice)))  # type: ignore[arg-type]

    async def until(self, kind: type[E], count: int = 1, seconds: float = 20) -> list[E]:
        """Wait until so many events of a kind were told."""
        async with asyncio.timeout(seconds):
            while len(self.of(kind)) < count:
                await asyncio.sleep(0.01)
        return self.of(kind)


async def say(engine: SessionEngine, text: str) -> None:
    """Say something and wait until all is quiet."""
    await engine.send(text)
    async with asyncio.timeout(60):
        await engine.settled()
