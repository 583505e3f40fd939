"""The delivered crate measured: every check to the top of the ladder, and the metrics that the papers report."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from repowright.agent.llm import Record
from repowright.agent.workflows.translate.checks import Check, CheckName, Crate, Finding, full_ladder
from repowright.agent.workflows.translate.frame import crate_of
from repowright.agent.workflows.translate.judging import digest
from repowright.agent.workflows.translate.records import (
    Judgement,
    LadderStep,
    Metrics,
    UnitRecord,
    UnitState,
    UnsafeFigures,
)
from repowright.agent.workflows.translate.slots import Frame
from repowright.agent.workflows.translate.studio import Files, Layout
from repowright.agent.workflows.translate.target import Judging
from repowright.repo_tools.rust_source import UnsafeCount, count_all

KIND = "ladder"
_DONE_BEFORE = frozenset({CheckName.PARSE, CheckName.COMPILE, CheckName.TESTS, CheckName.SWAP})
_MOST_PROBLEMS = 20
_ASSERTION = re.compile(r"\b(?:debug_)?assert(?:_eq|_ne|_matches)?!")
_CODE = re.compile(r"\S")


async def climb_all(judge: Judging, record: Record, frame: Frame, files: Files, now: Judgement) -> list[LadderStep]:
    """Run the checks that the units did not, and return all as steps; what ran before is told from its judgement.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    if not now.builds:
        return [_told(CheckName.COMPILE, "failed", f"{len(now.errors)} compile errors", now.errors)]
    crate = replace(crate_of(frame, files, judge.vacuous), origin=judge.program)
    if frame.allows_unsafe:
        crate = replace(crate, unsafe_budget=now.unsafe_places)
    key = digest(files)[:32]
    steps = _known_steps(now)
    done = _DONE_BEFORE if frame.given else _DONE_BEFORE | {CheckName.DIFFERENTIAL}
    checks = [check for check in full_ladder(judge.bench) if check.name not in done]
    return [*steps, *await asyncio.gather(*(_step(each, crate, record, f"{key}-{each.name}") for each in checks))]


async def _step(check: Check, crate: Crate, record: Record, name: str) -> LadderStep:
    kept = record.get_text(KIND, name)
    if kept is not None:
        return LadderStep.model_validate_json(kept)
    step = _of(await check.check(crate))
    record.put_text(KIND, name, step.model_dump_json())
    return step


def _of(finding: Finding) -> LadderStep:
    figures = {name: round(value, 3) for name, value in finding.figures.items()}
    problems = finding.problems[:_MOST_PROBLEMS]
    return LadderStep(
        check=finding.check,
        verdict=finding.verdict,
        told=finding.told,
        problems=problems,
        figures=figures,
        functions=tuple(finding.names.get("compared", ())),
    )


def _known_steps(now: Judgement) -> list[LadderStep]:
    steps = [_told(CheckName.PARSE, "passed", "every file parses"), _told(CheckName.COMPILE, "passed", "it compiles")]
    steps.append(_tests_step(now))
    return [*steps, _swap_step(now)]


def _tests_step(now: Judgement) -> LadderStep:
    if not now.ran:
        return _told(CheckName.TESTS, "skipped", "there is no Rust test that fails on stubs")
    told = f"{len(now.passed)} tests pass, {len(now.failing)} fail, {len(now.pending)} stop in a stub"
    bad = bool(now.failing or now.pending)
    verdict = "failed" if bad else "passed" if now.passed else "skipped"
    return _told(CheckName.TESTS, verdict, told, [each.test for each in now.failing])


def _swap_step(now: Judgement) -> LadderStep:
    """The C programs with all Rust in them; a crate typed as C is needs no wrappers for that."""
    if now.differences:
        return _told(CheckName.SWAP, "failed", now.swap, now.differences)
    told = now.swap or "no C program was run with the Rust in it"
    return _told(CheckName.SWAP, "passed" if now.swapped else "skipped", told)


def _told(check: CheckName, verdict: str, told: str, problems: Sequence[str] = ()) -> LadderStep:
    return LadderStep(check=check, verdict=verdict, told=told, problems=tuple(problems[:_MOST_PROBLEMS]))


def metrics(
    layout: Layout,
    files: Files,
    now: Judgement,
    units: Sequence[UnitRecord],
    steps: Sequence[LadderStep],
    record: Record,
    vacuous: frozenset[str],
    usd: float,
) -> Metrics:
    """Return the figures of a translation."""
    replies = list(record.replies())
    frame = layout.frame
    asserted = {each.test.rpartition("::")[2]: len(_ASSERTION.findall(each.text)) for each in layout.context.reaches}
    idle = {name.rpartition("::")[2] for name in vacuous}
    passed = {name.rpartition("::")[2] for name in now.passed}
    clippy = next((step for step in steps if step.check == CheckName.CLIPPY and step.verdict != "skipped"), None)
    return Metrics(
        c_lines=_c_lines(layout),
        rust_lines=_lines(crate_of(frame, files).rust_files().values()),
        units=len(layout.plan.tasks),
        written=sum(unit.state is not UnitState.STUB for unit in units),
        verified=sum(unit.state is UnitState.VERIFIED for unit in units),
        refused=len(layout.plan.left_out) + sum(not each.name for each in layout.encoded.refused),
        builds=now.builds,
        tests_total=len(now.passed) + len(now.failing) + len(now.pending),
        tests_passed=len(now.passed),
        tests_failed=len(now.failing) + len(now.pending),
        tests_vacuous=len(vacuous),
        assertions=sum(count for name, count in asserted.items() if name not in idle),
        assertions_passed=sum(count for name, count in asserted.items() if name in passed),
        unsafe=_unsafe(count_all(crate_of(frame, files).rust_files().values())),
        clippy_warnings=int(clippy.figures.get("warnings", 0)) if clippy else -1,
        requests=len(replies),
        prompt_tokens=sum(reply.usage.prompt_tokens for reply in replies),
        completion_tokens=sum(reply.usage.completion_tokens for reply in replies),
        usd=usd,
        seconds=sum(reply.seconds for reply in replies),
    )


def _unsafe(count: UnsafeCount) -> UnsafeFigures:
    named = [name for name in UnsafeFigures.model_fields if name not in ("total", "laundering")]
    figures: Mapping[str, int] = {name: getattr(count, name) for name in named}
    return UnsafeFigures(total=count.total, laundering=len(count.laundering), **figures)


def _c_lines(layout: Layout) -> int:
    project = layout.encoded.project
    own = [path for path in project.files if path.endswith((".c", ".h")) and path not in project.tests]
    return _lines(project.files[path] for path in own)


def _lines(files: Iterable[bytes]) -> int:
    """Lines that are not empty."""
    return sum(bool(_CODE.search(line)) for data in files for line in data.decode("utf-8", "replace").splitlines())
