"""What the checks say of the crate in one state, each state asked once: the answers are kept with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, replace

from repowright.agent.workflows.translate.checks import (
    Check,
    CheckName,
    CompileCheck,
    CProgram,
    Crate,
    Finding,
    ParseCheck,
    SwapCheck,
    UnsafeCheck,
    Verdict,
    run_binaries,
)
from repowright.agent.workflows.translate.frame import crate_of
from repowright.agent.workflows.translate.recorded_judge import RecordedJudge
from repowright.agent.workflows.translate.records import FailedTest, Judgement
from repowright.agent.workflows.translate.rules import repair_by_rules
from repowright.agent.workflows.translate.slots import Frame
from repowright.agent.workflows.translate.standing_in import stand_in
from repowright.agent.workflows.translate.wanted import Mended, Wanted
from repowright.executors import TestOutcome, TestResult

RULES_KIND = "rules"
STUB_SAYS = ("not implemented", "not yet implemented")
"""What a panic of ``unimplemented!`` and ``todo!`` says."""
MOST_ERRORS = 8
_LONGEST = 1_500


class ErrorsAlone:
    """The compiler without its warnings: mending these would rename the parameters of stubs."""

    name = CheckName.COMPILE

    def __init__(self, compiler: Check) -> None:
        self._compiler = compiler

    async def check(self, crate: Crate) -> Finding:
        """Compile, and keep the errors."""
        found = await self._compiler.check(crate)
        return replace(found, diagnostics=tuple(each for each in found.diagnostics if each.level == "error"))


class Judge(RecordedJudge):
    """Runs the checks of a unit, cheapest first."""

    def verdict(self, found: Judgement) -> tuple[bool, tuple[str, ...], tuple[str, ...], bool]:
        """Whether it builds, the tests by outcome, and whether the C programs differ."""
        return found.builds, found.passed, tuple(each.test for each in found.failing), bool(found.differences)

    async def judged(self, frame: Frame, files: Mapping[str, bytes], wanted: Wanted) -> Judgement:
        """Check one state of the crate of a frame, as ``judge``."""
        return await self.judge(crate_of(frame, files), wanted)

    async def ruled(self, frame: Frame, files: Mapping[str, bytes]) -> Mended:
        """Return what rules make of a state that does not compile, as ``mended``."""
        return await self.mended(crate_of(frame, files), frozenset(frame.tests))

    async def judge(self, crate: Crate, wanted: Wanted) -> Judgement:
        """Check one state of the crate, from this run's record if it is there.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        key = _key(crate, wanted, self.vacuous)
        return await self._once(key, wanted.subject, lambda: self._judge(crate, wanted))

    async def mended(self, crate: Crate, frozen: frozenset[str]) -> Mended:
        """Return a crate that does not compile as the rules leave it, from this run's record if it is there.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        key = digest(crate.files)[:32]
        kept = self._record.get_text(RULES_KIND, key)
        if kept is not None:
            return Mended.model_validate_json(kept)
        done = await repair_by_rules(crate, ErrorsAlone(CompileCheck(self._bench)), frozen=frozen)
        changed = {path: data for path, data in done.crate.files.items() if data != crate.files.get(path)}
        texts = {path: data.decode("utf-8", "replace") for path, data in changed.items()}
        mended = Mended(files=texts, fixes=len(done.applied))
        self._record.put_text(RULES_KIND, key, mended.model_dump_json())
        return mended

    async def _judge(self, crate: Crate, wanted: Wanted) -> Judgement:
        parsed = await ParseCheck().check(crate)
        if parsed.verdict is Verdict.FAILED:
            return Judgement(builds=False, errors=parsed.problems[:MOST_ERRORS])
        compiled = await CompileCheck(self._bench).check(crate)
        self._tell("compile", wanted.subject, compiled)
        if compiled.verdict is Verdict.FAILED:
            return Judgement(builds=False, errors=_errors(compiled))
        counted = await UnsafeCheck().check(crate)
        judgement = Judgement(
            builds=True,
            unsafe_places=int(counted.figures.get("total", 0)),
            laundered=tuple(counted.names.get("laundering", ())),
        )
        if wanted.tests:
            judgement = await self._tested(crate, wanted, judgement)
        if wanted.stand_ins and self.program is not None and self.program.mains and not judgement.failing:
            judgement = await self._stood_in(crate, wanted, judgement, self.program)
        if wanted.bridged and not judgement.failing and not judgement.pending:
            judgement = await self._bridged(crate, wanted, judgement)
        return judgement

    async def _bridged(self, crate: Crate, wanted: Wanted, judgement: Judgement) -> Judgement:
        finding = await SwapCheck(self._bench, converting=wanted.converting).check(replace(crate, origin=self.program))
        self._tell("swap", wanted.subject, finding)
        differs = finding.verdict is Verdict.FAILED and bool(finding.names.get("reached"))
        more: dict[str, object] = {"swap": finding.told, "swapped": finding.passed}
        more |= {"reached": tuple(finding.names.get("reached", ()))}
        more |= {"differences": tuple(finding.problems) if differs else ()}
        return judgement.model_copy(update=more)

    async def _tested(self, crate: Crate, wanted: Wanted, judgement: Judgement) -> Judgement:
        results, problems, seconds = await run_binaries(self._bench, crate.files, self._wall_s)
        passed = sorted(name for name, each in results.items() if each.outcome is TestOutcome.PASSED)
        wrong = {name: each for name, each in sorted(results.items()) if _is_wrong(each)}
        pending = tuple(name for name, each in wrong.items() if _stops_in_stub(each))
        failing = [FailedTest(test=name, told=_told(wrong[name])) for name in wrong if name not in pending]
        failing += [FailedTest(test=each.partition(":")[0], told=each[:_LONGEST]) for each in problems]
        ended = "exited" if not problems else "time"
        counts = {"passed": len(passed), "failed": len(failing), "skipped": len(pending)}
        self._emit("tests", wanted.subject, ended, seconds, **counts)
        real = tuple(name for name in passed if name not in self.vacuous)
        more = {"ran": True, "passed": real, "pending": pending, "failing": tuple(failing)}
        return judgement.model_copy(update=more)

    async def _stood_in(self, crate: Crate, wanted: Wanted, judgement: Judgement, program: CProgram) -> Judgement:
        found = await stand_in(self._bench, crate, program, wanted.stand_ins)
        called = tuple(sorted(name for name, count in found.hits.items() if count))
        reached = bool(set(called) & set(wanted.names))
        wrong = len(found.differences)
        same = found.programs - wrong
        self._emit("swap", wanted.subject, "exited", 0.0, same, wrong, int(bool(found.problem)))
        told = found.problem or f"{found.programs} C programs, {sum(found.hits.values())} calls into Rust"
        # A unit that no C program comes to is not wrong for it.
        differences = found.differences if reached else ()
        more: dict[str, object] = {"swap": told, "swapped": reached and not wrong, "reached": called}
        more["differences"] = differences
        return judgement.model_copy(update=more)

    def _tell(self, purpose: str, subject: str, finding: Finding) -> None:
        failed = int(finding.verdict is Verdict.FAILED)
        skipped = int(finding.verdict is Verdict.SKIPPED)
        self._emit(purpose, subject, "exited", finding.duration_s, int(finding.passed), failed, skipped)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the paths and what each file holds, 64 hex digits."""
    listed = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def _key(crate: Crate, wanted: Wanted, vacuous: frozenset[str]) -> str:
    body = [digest(crate.files), crate.unsafe_budget, wanted.tests, sorted(vacuous)]
    body += [[astuple(each) for each in wanted.stand_ins], sorted(wanted.names), wanted.bridged]
    converters = wanted.converting(crate).digest if wanted.bridged and wanted.converting else ""
    body += [converters] if converters else []
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]


def _errors(compiled: Finding) -> tuple[str, ...]:
    """The errors as the compiler shows them; where it says nothing itself, what cargo says."""
    shown = [each.rendered.strip()[:_LONGEST] for each in compiled.diagnostics if each.level == "error"]
    return tuple(dict.fromkeys(shown))[:MOST_ERRORS] or compiled.problems[:MOST_ERRORS]


def _is_wrong(result: TestResult) -> bool:
    return result.outcome in (TestOutcome.FAILED, TestOutcome.ERROR)


def _stops_in_stub(result: TestResult) -> bool:
    return any(says in f"{result.message}\n{result.detail}" for says in STUB_SAYS)


def _told(result: TestResult) -> str:
    text = result.detail or result.message
    return text.strip()[-_LONGEST:]
