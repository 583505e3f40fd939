"""Flat text for screen readers and for terminals that draw nothing: no colour, no motion, one thing a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from repowright.agent.chat import events as c
from repowright.agent.errors import AgentError
from repowright.agent.events import Event, RunEnd
from repowright.tui.amounts import printable
from repowright.tui.app.headless import held
from repowright.tui.app.routing import log_line
from repowright.tui.app.slash import COMMANDS, Said, parsed
from repowright.tui.app.typed_lines import lines_of
from repowright.tui.app.widgets.message import harmless

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine

_ANSWERS: dict[str, c.Choice] = {"y": "once", "yes": "once", "s": "session", "a": "always", "n": "deny", "no": "deny"}


class PlainLines:
    """A subscriber that writes each event as lines; a reply as it is, all else on one line without a clock."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        if isinstance(event, c.ChatReply):
            if event.text.strip():
                self._write(harmless(event.text))
        elif isinstance(event, c.ApprovalAsk):
            self._write(question(event))
        elif not isinstance(event, c.ChatUser) and (line := log_line(event)):
            self._write(" ".join(line.split()))

    def _write(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class ProgressLines:
    """A subscriber that writes what is done, one line each; the reply itself is left to whoever prints it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        if not isinstance(event, c.ChatUser | c.ChatReply) and (line := log_line(event)):
            self._stream.write(f"{line}\n")
            self._stream.flush()


def question(ask: c.ApprovalAsk) -> str:
    """Return an approval as text: what, why, what would be kept, and the answers."""
    lines = [f"needs you: {printable(ask.title)}"]
    lines += [f"why: {printable(ask.reason)}"] if ask.reason else []
    lines += [harmless(ask.detail).rstrip()] if ask.detail else []
    lines += [f"session or always would keep: {printable('; '.join(ask.scope))}"] if ask.scope else []
    answers = "y once, s session, a always, n no" if ask.scope else "y once, n no"
    return "\n".join([*lines, f"answer: {answers}; words after n are the reason"])


class PlainChat:
    """A conversation by lines: what is typed goes to the engine, or answers the approval that is open."""

    def __init__(self, engine: Engine, stream: TextIO) -> None:
        self._engine = engine
        self._stream = stream
        self._open: list[c.ApprovalAsk] = []
        self._waiting: tuple[c.Waiting, ...] = ()

    def __call__(self, event: Event) -> None:
        if isinstance(event, c.ApprovalAsk):
            self._open.append(event)
        elif isinstance(event, c.ApprovalDecided):
            self._open = [ask for ask in self._open if ask.approval != event.approval]
        elif isinstance(event, c.QueueChanged):
            self._waiting = tuple(event.waiting)

    async def run(self, lines: TextIO) -> RunEnd:
        """Talk until the input ends or ``/quit`` is said, and return how the session ended."""
        self._engine.subscribe(self)
        self._engine.subscribe(PlainLines(self._stream))
        return await held(self._engine, lambda engine: self._talk(lines))

    async def _talk(self, lines: TextIO) -> None:
        async for line in lines_of(lines):
            if line.strip() == "/quit":
                return
            await self._take(line.strip())
        await self._engine.settled()

    async def _take(self, line: str) -> None:
        try:
            if self._open and line:
                await self._answer(self._open[0], line)
            elif (said := parsed(line)) is not None:
                await self._obey(said)
            elif line.startswith("!"):
                await self._engine.shell(line[1:].strip())
            elif line:
                await self._engine.send(line)
        except AgentError as err:
            self._say(str(err))

    async def _answer(self, ask: c.ApprovalAsk, line: str) -> None:
        word, _, reason = line.partition(" ")
        decision = _ANSWERS.get(word.casefold())
        if decision is None or (decision in ("session", "always") and not ask.scope):
            self._say(question(ask))
        else:
            await self._engine.decide(ask.approval, decision, reason.strip())

    async def _obey(self, said: Said) -> None:
        engine = self._engine
        if said.name == "mode" and said.argument in ("plan", "ask", "auto-edit", "auto"):
            await engine.set_mode(said.argument)  # type: ignore[arg-type]
        elif said.name == "continue":
            await engine.resume_turn()
        elif said.name == "compact":
            await engine.compact()
        elif said.name == "fork":
            self._say(f"copied into {await engine.fork()}")
        elif said.name == "unqueue" and self._waiting:
            await engine.unqueue(self._waiting[-1].message)
        elif said.name == "rewind" and said.argument:
            message, _, what = said.argument.partition(" ")
            await engine.rewind(message, what if what in ("code", "conversation") else "both")  # type: ignore[arg-type]
        else:
            names = ("mode", "continue", "rewind", "unqueue", "compact", "fork", "quit")
            self._say("\n".join(f"/{each.name} {each.help}" for each in COMMANDS if each.name in names))

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
