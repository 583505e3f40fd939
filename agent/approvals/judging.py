"""What mode and rules make of a call: every part of it must be allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.approvals.harmless import danger, only_looks
from repowright.agent.approvals.modes import Effect, Mode, Verdict, by_mode, rules_may_allow
from repowright.agent.approvals.paths import beyond_rules, place_of, relative
from repowright.agent.approvals.rules import (
    Rule,
    exactly,
    strictest,
    verdict_on_path,
    verdict_on_text,
    verdict_on_words,
)
from repowright.agent.approvals.scope import Pending
from repowright.agent.approvals.shell_parts import Part, read_command

_REASONS: dict[Effect, str] = {
    "read": "it only looks",
    "edit": "it changes files of the folder",
    "run": "it runs code of the folder",
    "publish": "it changes the repository itself",
    "spend": "it runs long and costs money",
    "reach": "it reaches another program",
}
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})


@dataclass(frozen=True)
class Judgement:
    """What is to be done with a call.

    Parameters
    ----------
    why
        Of the strictest part.
    pending
        What a person must allow; empty unless the verdict is ``ask``, or if the call can only be asked as a whole.
    """

    verdict: Verdict
    why: str
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    pending: Pending


class Judge:
    """Mode and rules of one moment."""

    def __init__(self, folder: Path, mode: Mode, rules: Sequence[Rule], isolated: bool) -> None:
        self._folder = folder
        self._mode = mode
        self._rules = rules
        self._isolated = isolated

    def command(self, tool: str, text: str) -> Judgement:
        """Judge a command line by each program it starts and each file it redirects to."""
        reading = read_command(text)
        if reading.unclear:
            verdict: Verdict = "deny" if self._mode == "plan" else "ask"
            return Judgement(verdict, f"the command is not understood: {reading.unclear}")
        judged = [self._part(tool, part) for part in reading.parts]
        judged += [self._redirect(path) for path in reading.writes]
        judged += [self._input(path) for path in reading.reads]
        return _together(judged)

    def files(self, tool: str, effect: Effect, paths: Sequence[str]) -> Judgement:
        """Judge a call by each file it reads or changes."""
        return _together([self._path(tool, effect, path) for path in paths])

    def other(self, tool: str, effect: Effect, subject: str) -> Judgement:
        """Judge a call that works on neither a command nor files."""
        ruled = self._ruled(verdict_on_text(self._rules, tool, subject), effect)
        verdict = ruled or by_mode(self._mode, effect)
        # An approval that is kept is one of the tool, unless what it works on is what it costs.
        what = subject if effect == "spend" else ""
        return _together([_Judged(verdict, Pending(tool, what, self._why(ruled, _REASONS[effect])))])

    def _part(self, tool: str, part: Part) -> _Judged:
        ruled = self._ruled(verdict_on_words(self._rules, tool, part.words), "run")
        if ruled:
            return _Judged(ruled, Pending(tool, part, self._why(ruled, "")))
        if only_looks(part):
            return _Judged("allow", Pending(tool, part, "it only looks"))
        verdict = by_mode(self._mode, "run")
        why = danger(part, self._isolated)
        if verdict == "allow" and (why or not self._isolated):
            verdict = "ask"
        return _Judged(verdict, Pending(tool, part, self._why(None, why or f"`{part.text}` may change something")))

    def _redirect(self, path: str) -> _Judged:
        kept_in_box = self._isolated and path.startswith("/tmp/") and ".." not in path
        if path in _NOWHERE or kept_in_box:
            return _Judged("allow", Pending("edit", Path(path), "nothing of it is kept"))
        judged = self._path("edit", "edit", path)
        outside = judged.verdict == "deny" and self._mode != "plan" and relative(path, self._folder) is None
        return _Judged("ask", judged.pending) if outside else judged

    def _input(self, path: str) -> _Judged:
        return self._path("read", "read", path) if path not in _NOWHERE else self._redirect(path)

    def _path(self, tool: str, effect: Effect, path: str) -> _Judged:
        place, clean = place_of(path, self._folder), relative(path, self._folder)
        if place == "outside" or clean is None:
            verdict: Verdict = "ask" if effect == "read" and self._mode != "plan" else "deny"
            return _Judged(verdict, Pending(tool, Path(path), f"{path} lies outside of the folder"))
        rules = self._rules
        if effect != "read" and place == "protected":
            rules = [rule for rule in rules if rule.decision != "allow" or self._names(rule, clean)]
        ruled = self._ruled(verdict_on_path(rules, (tool, effect), clean), effect)
        verdict = ruled or by_mode(self._mode, effect)
        why = self._why(ruled, f"{clean} would change")
        if not ruled and verdict == "allow" and effect != "read" and place == "protected":
            verdict, why = "ask", f"{clean} decides what is run or allowed later"
        return _Judged(verdict, Pending(tool, Path(path), why))

    def _names(self, rule: Rule, clean: str) -> bool:
        return rule.pattern == exactly(clean) and not beyond_rules(clean)

    def _ruled(self, verdict: Verdict | None, effect: Effect) -> Verdict | None:
        if verdict == "allow" and not rules_may_allow(self._mode, effect):
            return None
        return verdict

    def _why(self, ruled: Verdict | None, otherwise: str) -> str:
        if ruled:
            return f"a rule says {ruled}"
        return "in plan mode nothing is changed" if self._mode == "plan" else otherwise


def _together(judged: Sequence[_Judged]) -> Judgement:
    verdict = strictest(each.verdict for each in judged) or "allow"
    decisive = [each.pending for each in judged if each.verdict == verdict]
    why = decisive[0].why if decisive else "it starts nothing"
    return Judgement(verdict, why, tuple(decisive) if verdict == "ask" else ())
