"""One unit: asked for, checked, repaired by rules and by the model; the best version stays, never a worse one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from repowright.agent.events import Repair, ReplyRejected
from repowright.agent.workflows.translate.asking import Answered, ask
from repowright.agent.workflows.translate.context import shortened
from repowright.agent.workflows.translate.records import Judgement, UnitRecord, UnitState, new_failures
from repowright.agent.workflows.translate.studio import Files, Layout, Studio
from repowright.agent.workflows.translate.tasks import Task
from repowright.agent.workflows.translate.wanted import Wanted

_MOST_SAID = 6_000


@dataclass(frozen=True)
class Version:
    """One state of the crate and what the checks say of it."""

    files: Files
    judgement: Judgement
    fixes: int = 0
    """Made by rules."""


@dataclass
class Course:
    """How the work on a unit went."""

    attempts: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reason: str = ""
    best: Version | None = None

    def take(self, version: Version) -> None:
        """Keep a version if it is better than the best so far."""
        if self.best is None or version.judgement.rank > self.best.judgement.rank:
            self.best = version


@dataclass(frozen=True)
class Unit:
    """A task with all that its work needs.

    Parameters
    ----------
    files, before
        The crate before it, and what the checks said of that.
    wanted
        The checks that its versions are worth.
    """

    layout: Layout
    task: Task
    files: Files
    before: Judgement
    wanted: Wanted

    def is_good(self, now: Judgement) -> bool:
        """Tell whether a version can stand without more work."""
        frame = self.layout.frame
        safe = frame.allows_unsafe or now.unsafe_places <= max(frame.unsafe_budget, self.before.unsafe_places)
        return now.builds and safe and self.keeps(now) and not self.wrong(now) and not now.differences

    def keeps(self, now: Judgement) -> bool:
        """Tell whether everything that passed still passes."""
        return not now.ran or set(self.before.passed) <= set(now.passed)

    def wrong(self, now: Judgement) -> list[str]:
        """What tests say of a version that they did not say before it."""
        failing = new_failures(now, self.before.failing)
        lost = sorted(set(self.before.passed) - set(now.passed) - {each.test for each in failing}) if now.ran else []
        told = [f"The test `{each.test}` fails:\n\n```text\n{each.told}\n```" for each in failing]
        return told + [f"The test `{name}` passed before and does not any more." for name in lost]


async def translate_unit(studio: Studio, unit: Unit) -> tuple[Version, UnitRecord]:
    """Return the crate with the unit in it, or as it was where nothing good came of it.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    SandboxError
        If no box can be had.
    """
    course = Course()
    holes = unit.layout.context.holes(unit.task, unit.files)
    request = studio.request("unit", holes, unit.task.name)
    for attempt in range(studio.settings.unit_repairs + 1):
        answered = await ask(studio.gateway, studio.target, request, unit.layout.asked(unit.task.wanted, unit.files))
        course.attempts += 1
        course.faults += answered.faults
        course.notes += answered.notes
        version = await _version(studio, unit, answered, course) if answered.reading.usable else None
        problems = _refused(studio, unit, answered, attempt) if version is None else _problems(unit, version)
        if attempt:
            _tell_repair(studio, unit, attempt, fixed=not problems)
        if not problems:
            break
        course.reason = _first_line(problems[0])
        current = _current(unit, version, answered)
        told = {"current": current, "problems": "\n\n".join(problems)}
        request = studio.request("repair", {**holes, **told}, unit.task.name)
    return _ending(unit, course)


async def _version(studio: Studio, unit: Unit, answered: Answered, course: Course) -> Version:
    """Put an answer into the crate, let the rules mend it if it does not compile, and check it."""
    files: Files = unit.files | {path: text.encode() for path, text in answered.reading.files.items()}
    files |= studio.target.settled(files, unit.task.wanted)
    version = await checked(studio, unit.layout, files, unit.wanted)
    course.take(version)
    return version


async def checked(studio: Studio, layout: Layout, files: Mapping[str, bytes], wanted: Wanted) -> Version:
    """Return a state of the crate with what the checks say of it, mended by rules where it does not compile.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    now = dict(files)
    judgement = await studio.judge.judged(layout.frame, now, wanted)
    if judgement.builds:
        return Version(now, judgement)
    mended = await studio.judge.ruled(layout.frame, now)
    if not mended.files:
        return Version(now, judgement)
    now |= {path: text.encode() for path, text in mended.files.items()}
    return Version(now, await studio.judge.judged(layout.frame, now, wanted), mended.fixes)


def _refused(studio: Studio, unit: Unit, answered: Answered, attempt: int) -> list[str]:
    problems = [str(refusal) for refusal in answered.reading.refusals]
    name = "repair" if attempt else "unit"
    studio.emit(ReplyRejected(task=f"translate.{name}", subject=unit.task.name, problems=problems, round=attempt + 1))
    return [f"- {problem}" for problem in problems]


def _problems(unit: Unit, version: Version) -> list[str]:
    """What is wrong with a version, in words for a model; nothing where it can stand."""
    now = version.judgement
    if unit.is_good(now):
        return []
    if not now.builds:
        return [f"It does not compile:\n\n```text\n{error}\n```" for error in now.errors]
    found = unit.wrong(now)
    found += [f"{unit.layout.target.words.in_unit}: {each}" for each in now.differences]
    return found or [f"It holds unsafe code in {now.unsafe_places} places; write safe Rust."]


def _current(unit: Unit, version: Version | None, answered: Answered) -> str:
    if version is None:
        return answered.text.strip().replace("```", "")[:_MOST_SAID]
    return unit.layout.target.current_text(version.files, unit.task.wanted)


def _ending(unit: Unit, course: Course) -> tuple[Version, UnitRecord]:
    """Keep the best version if it builds and loses nothing; else the stubs stand."""
    best = course.best
    if best is None or not best.judgement.builds or not unit.keeps(best.judgement):
        return Version(unit.files, unit.before), _record(unit, course, UnitState.STUB, None)
    if not unit.is_good(best.judgement):
        return best, _record(unit, course, UnitState.FAILING, best)
    course.reason = ""
    state = UnitState.VERIFIED if _is_run(unit, best.judgement) else UnitState.COMPILED
    return best, _record(unit, course, state, best)


def _is_run(unit: Unit, now: Judgement) -> bool:
    """Tell whether something that runs the unit passes."""
    if now.swapped:
        return True
    passed = {name.rpartition("::")[2] for name in now.passed}
    slots = set(unit.task.slots)
    return any(each.slots & slots and each.test.rpartition("::")[2] in passed for each in unit.layout.context.reaches)


def _record(unit: Unit, course: Course, state: UnitState, version: Version | None) -> UnitRecord:
    return UnitRecord(
        name=unit.task.name,
        origins=tuple(shortened(key) for key in unit.task.members),
        items=tuple(str(slot) for slot in unit.task.slots),
        state=state,
        attempts=course.attempts,
        by_rules=version.fixes if version else 0,
        faults=tuple(course.faults),
        notes=tuple(course.notes),
        reason=course.reason,
        unsafe_places=version.judgement.unsafe_places - unit.before.unsafe_places if version else 0,
    )


def _tell_repair(studio: Studio, unit: Unit, attempt: int, *, fixed: bool) -> None:
    name = unit.task.name
    studio.emit(Repair(unit=name, name=name, target="code", attempt=attempt, fixed=fixed))


def _first_line(problem: str) -> str:
    lines = [line.strip("` -") for line in problem.splitlines() if line.strip() and not line.startswith("```")]
    return " ".join(lines[:2])[:300]
