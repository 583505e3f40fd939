"""The one place that says whether a call of the agent goes ahead, is asked about, or is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repowright.agent.approvals.judging import Judge, Judgement
from repowright.agent.approvals.modes import Effect, Mode
from repowright.agent.approvals.rule_files import RuleFiles, StoredRules
from repowright.agent.approvals.rules import Rule
from repowright.agent.approvals.scope import described, rules_to_keep

Choice = Literal["once", "session", "always", "deny"]

NEEDED = "approval is needed and nobody can be asked"


@dataclass(frozen=True)
class Call:
    """What the agent wants to do.

    Parameters
    ----------
    tool
        Its name; rules speak of it by this name.
    effect
        What it does to the world; see `modes.Effect`.
    command
        The command line, if it runs one.
    paths
        The files it reads or changes, from the project's folder.
    subject
        What it works on, if it is neither a command nor files.
    """

    tool: str
    effect: Effect
    command: str = ""
    paths: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True)
class Question:
    """What a person is asked.

    Parameters
    ----------
    parts
        What of the call needs approval: programs, files.
    keeps
        The rules that ``session`` and ``always`` keep; empty if it must be asked every time.
    """

    call: Call
    why: str
    parts: tuple[str, ...]
    keeps: tuple[Rule, ...]

    @property
    def scope(self) -> list[str]:
        """What ``session`` and ``always`` would allow, one line each, for the eyes of the user before he answers."""
        return [described(rule) for rule in self.keeps]


@dataclass(frozen=True)
class Answer:
    """What the person said."""

    choice: Choice
    reason: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether the call goes ahead.

    Parameters
    ----------
    by
        ``rules``: the mode and the rules alone; ``user``: a person was asked; ``nobody``: one had to be, and
        there was none, so a headless run ends with exit code 5.
    reason
        For the model and the log: why not, or what allowed it.
    kept
        Rules that were kept with the answer, and ``saved`` the file they went to.
    """

    allowed: bool
    by: Literal["rules", "user", "nobody"]
    reason: str
    kept: tuple[Rule, ...] = ()
    saved: Path | None = None


Ask = Callable[[Question], Awaitable[Answer]]


class Gate:
    """Judges every call of one session.

    Parameters
    ----------
    folder
        The project.
    files
        Where rules are read from and saved; without, nothing is remembered beyond the session.
    session
        Rules that an interrupted session had kept; see `session_rules`.
    isolated
        Whether commands run in a real sandbox; if not, ``auto`` asks before each command that does more than look.
    """

    def __init__(
        self,
        folder: Path,
        mode: Mode = "ask",
        files: RuleFiles | None = None,
        session: Sequence[Rule] = (),
        isolated: bool = True,
    ) -> None:
        self.mode: Mode = mode
        self._folder = folder
        self._files = files
        self._session = tuple(session)
        self._isolated = isolated
        self._stored = files.load() if files else StoredRules()

    @property
    def session_rules(self) -> tuple[Rule, ...]:
        """Rules that hold until the session ends."""
        return self._session

    @property
    def dropped_rules(self) -> tuple[Rule, ...]:
        """Rules that came with the repository and would allow something; they do not count."""
        return self._stored.dropped

    def judge(self, call: Call) -> Judgement:
        """Say what mode and rules make of a call, without asking anybody."""
        rules = (*self._session, *self._stored.all)
        judge = Judge(self._folder, self.mode, rules, self._isolated)
        if call.command:
            return judge.command(call.tool, call.command)
        if call.paths:
            return judge.files(call.tool, call.effect, call.paths)
        return judge.other(call.tool, call.effect, call.subject)

    async def allowed(self, call: Call, ask: Ask | None) -> Decision:
        """Decide on a call; a person is asked only if mode and rules leave it open.

        Parameters
        ----------
        ask
            Asks the person; without, whatever would be asked is refused.

        Raises
        ------
        SettingsError
            If an approval for always cannot be saved.
        """
        judged = self.judge(call)
        if judged.verdict != "ask":
            return Decision(judged.verdict == "allow", "rules", judged.why)
        if ask is None:
            return Decision(False, "nobody", f"{NEEDED}: {judged.why}")
        keeps = rules_to_keep(judged.pending, self._folder)
        answer = await ask(Question(call, judged.why, tuple(each.text or each.tool for each in judged.pending), keeps))
        if answer.choice == "deny":
            return Decision(False, "user", answer.reason or "the user refused")
        return self._approved(answer, keeps)

    def _approved(self, answer: Answer, keeps: tuple[Rule, ...]) -> Decision:
        if answer.choice == "once" or not keeps:
            return Decision(True, "user", "the user allowed it once")
        saved = None
        if answer.choice == "always" and self._files is not None:
            saved = self._files.save(keeps, "project")
            self._stored = self._files.load()
        else:
            self._session = tuple(dict.fromkeys((*self._session, *keeps)))
        return Decision(True, "user", f"the user allowed it: {answer.choice}", keeps, saved)
