"""One line an event, for logs and for terminals that draw nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from repowright.agent import events as e
from repowright.tui.amounts import clock, count, duration, money, printable, tokens
from repowright.tui.chat_words import CHAT_WORDS

_LONGEST_SAYING = 160


class LinePrinter:
    """A subscriber that writes each event as a line; the time is that since the first one.

    An error is left to the command, whose own one line says it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started: float | None = None

    def __call__(self, event: e.Event) -> None:
        if self._started is None:
            self._started = event.ts
        line = line_of(event)
        if line and not isinstance(event, e.Failure):
            self._stream.write(f"{clock(event.ts - self._started):>7}  {line}\n")
            self._stream.flush()

    def __enter__(self) -> LinePrinter:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.flush()


def line_of(event: e.Event) -> str:
    """Return a word for the kind of event and what happened, or nothing for what passes."""
    if event.type in CHAT_WORDS:
        word, text = CHAT_WORDS[event.type]
        return f"{word:<9} {_cut(printable(text(event)))}"
    if event.type not in _WORDS:
        return ""
    word, text = _WORDS[event.type]
    return f"{word:<9} {printable(text(event))}"


def _cut(text: str) -> str:
    # What people and models say is as long as they like; the whole of it is elsewhere.
    return text if len(text) <= _LONGEST_SAYING else f"{text[:_LONGEST_SAYING]}..."


def _run_start(event: e.RunStart) -> str:
    how = "resumed" if event.resumed else "replayed" if event.source == "replay" else ""
    out = f"into {event.out}" if event.out else ""
    parts = [event.title, event.model, f"sandbox {event.sandbox}", out, event.budget, how]
    return ", ".join(part for part in parts if part)


def _stage_end(event: e.StageEnd) -> str:
    findings = f", {count(event.open_findings, 'open finding')}" if event.open_findings else ""
    return f"{event.stage} done in {duration(event.seconds)}{findings}"


def _unit_end(event: e.UnitEnd) -> str:
    reason = f": {event.reason}" if event.reason else ""
    work = f"{count(event.tests, 'test')}, {count(event.attempts, 'attempt')}"
    return f"{event.state} {event.name} in {event.path} ({work}){reason}"


def _reply(event: e.LlmReply) -> str:
    cost = f"{tokens(event.prompt_tokens)} + {tokens(event.completion_tokens)} tokens"
    asked = f"{duration(event.seconds)}, {money(event.usd)}"
    source = {"endpoint": asked, "replay": "replayed", "record": "answered before"}[event.source]
    return f"{event.task} ({event.subject}): {cost}, {source}"


def _sandbox(event: e.SandboxRun) -> str:
    found = [
        (event.passed, "passed"),
        (event.failed, "failed"),
        (event.errors, "errors"),
        (event.skipped, "skipped"),
    ]
    results = ", ".join(f"{number} {name}" for number, name in found if number) or "no results"
    contained = "" if event.ended == "exited" else f", ended by the {event.ended} limit"
    return f"{event.purpose} of {event.subject}: {results}{contained} ({duration(event.seconds)})"


def _attribution(event: e.Attribution) -> str:
    culprit = f" ({event.culprit})" if event.culprit else ""
    return f"{event.name}: {count(len(event.failing), 'failing test')} blamed on {event.verdict}{culprit}"


def _repair(event: e.Repair) -> str:
    outcome = "fixed" if event.fixed else "not fixed"
    return f"{event.name}, {event.target}, attempt {event.attempt}: {outcome}"


def _task_end(event: e.TaskEnd) -> str:
    votes = f", {sum(event.votes)} of {count(len(event.votes), 'vote')}" if event.votes else ""
    why = f": {event.detail}" if event.detail else ""
    return f"{event.task} {event.state}{votes} ({duration(event.seconds)}){why}"


def _run_end(event: e.RunEnd) -> str:
    parts = []
    if event.tasks_total:
        parts.append(
            f"{event.tasks_passed} of {count(event.tasks_total, 'task')} passed, {event.tasks_voted} voted for"
        )
    elif event.units_total:
        parts.append(f"{event.units_verified} of {count(event.units_total, 'unit')} verified")
    if parts or event.tests_passed or event.tests_failed:
        parts.append(f"{count(event.tests_passed, 'test')} passed, {event.tests_failed} failed")
    cost = f"{tokens(event.prompt_tokens + event.completion_tokens)} tokens, {money(event.usd)}"
    return f"{event.status}: {', '.join([*parts, cost, duration(event.seconds)])}"


def _listed(items: list[str], noun: str) -> str:
    return count(len(items), noun) + (f": {'; '.join(items)}" if items else "")


def _hinted(event: e.Failure) -> str:
    return f"{event.message} ({event.hint})" if event.hint else event.message


_Text = Callable[..., str]
_WORDS: dict[str, tuple[str, _Text]] = {
    "run.start": ("run", _run_start),
    "stage.start": ("stage", lambda event: f"{event.stage}: {event.title}"),
    "stage.progress": ("progress", lambda event: f"{event.stage}: {event.done} of {event.total}"),
    "stage.end": ("stage", _stage_end),
    "unit.start": ("unit", lambda event: f"begins {event.name} in {event.path}"),
    "unit.end": ("unit", _unit_end),
    "llm.reply": ("reply", _reply),
    "llm.retry": ("retry", lambda event: f"{event.task}: {event.reason}, again in {duration(event.wait_s)}"),
    "reply.rejected": (
        "rejected",
        lambda event: f"{event.task} ({event.subject}): {_listed(event.problems, 'problem')}",
    ),
    "lint": (
        "check",
        lambda event: f"{event.stage}, round {event.round}: {_listed(event.findings, 'finding')}",
    ),
    "decision": ("decision", lambda event: f"{event.subject}: {event.what}, because {event.why}"),
    "sandbox.run": ("sandbox", _sandbox),
    "tests.rejected": (
        "rejected",
        lambda event: f"{count(len(event.tests), 'test')} of {event.name}: {event.reason}",
    ),
    "attribution": ("blame", _attribution),
    "repair": (
        "repair",
        _repair,
    ),
    "task.end": ("task", _task_end),
    "file.write": ("file", lambda event: f"{event.path} ({count(event.lines, 'line')})"),
    "commit": ("commit", lambda event: f"{event.sha[:10]} {event.subject}"),
    "budget": ("budget", lambda event: f"{event.spent} of {event.limit} ({event.level})"),
    "warning": ("warning", lambda event: str(event.message)),
    "error": ("error", _hinted),
    "run.end": ("end", _run_end),
}
