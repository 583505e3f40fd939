"""A model that recalls: asked for a unit of a recorded example, it answers what was recorded for the unit then."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from repowright.agent.events import Event, LlmReply
from repowright.agent.llm import Record

_TASKS = {
    "write the unit tests of one unit": "generate.tests",
    "write the code of one unit": "generate.code",
    "integration tests": "generate.integration_tests",
    "README": "generate.readme",
}
_UNIT = re.compile(r"# The unit\n.*?^(?:async )?(?:def|class) (\w+)", re.DOTALL | re.MULTILINE)
_AREA = re.compile(r"^# The area: (.+)$", re.MULTILINE)


@dataclass
class Recalled:
    """Answers by task and unit.

    Parameters
    ----------
    alias
        Old and new name of the package; recorded code is renamed too.
    asked
        What was asked for, in order: task and unit.
    """

    answers: dict[tuple[str, str], str]
    alias: tuple[str, str] = ("", "")
    asked: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, recording: Path, events: Iterable[Event], alias: tuple[str, str] = ("", "")) -> Recalled:
        """Take the last answer to each question of a run that replayed the recording."""
        record, answers = Record(recording / "record"), {}
        for event in events:
            if isinstance(event, LlmReply):
                reply = record.get(event.key)
                assert reply is not None
                answers[event.task, event.subject] = reply.text
        return cls(answers, alias)

    def __call__(self, system: str, user: str) -> str | None:
        self.requests.append(f"{system}\n{user}")
        task = next((task for said, task in _TASKS.items() if said in system), "")
        if not task:
            self.asked.append(("unforeseen", system))
            return None
        subject = self._subject(task, user)
        self.asked.append((task, subject))
        text = self.answers[task, subject]
        return text.replace(*self.alias) if self.alias[0] else text

    def _subject(self, task: str, user: str) -> str:
        if task == "generate.integration_tests":
            areas = [name for kind, name in self.answers if kind == task]
            found = _AREA.search(user)
            return found[1] if found is not None and found[1] in areas else areas[0]
        if task == "generate.readme":
            return next(name for kind, name in self.answers if kind == task)
        found = _UNIT.search(user)
        if found is not None:
            return found[1]
        imported = re.search(r"# The unit\n\n`from \S+ import (\w+)`", user)
        assert imported is not None
        return imported[1]
