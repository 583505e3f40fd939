"""One unit: tests, code, sandbox, and on failure a verdict and a repair of what was blamed, up to a limit."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.agent.errors import ModelRefused, ReplyInvalid
from repowright.agent.events import Repair, UnitEnd, UnitStart
from repowright.agent.workflows.generate.code.attribution import Verdict, attribute, unit_case
from repowright.agent.workflows.generate.code.repair import repair_code, repair_tests, revise_skeleton
from repowright.agent.workflows.generate.code.workspace import (
    files_under_test,
    path_of_tests,
)
from repowright.agent.workflows.generate.code.writing import (
    NoUsableTests,
    failure_text,
    write_code,
    write_tests,
)
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import TestReport
from repowright.graph.records import Place
from repowright.repo_tools import outline, python_source


class UnitBuilder:
    """Builds one unit against the plan; the plan it is given is never changed."""

    def __init__(self, plan: Plan, unit_id: str, studio: Studio) -> None:
        self.plan = plan
        self.studio = studio
        self.record = studio.library.get(plan.units[unit_id])

    async def build(self) -> UnitRecord:
        """Return the unit's record: verified, failed, or waiting for the unit that its failure is blamed on."""
        node = self.plan.rpg.node(self.record.id)
        if self.record.state == "verified":
            # A declaration that came with the plan: there is nothing to write.
            return self.record
        self.studio.emit(UnitStart(unit=node.id, name=node.name, path=node.path))
        try:
            await self._write()
            await self._until_green(await self.run_tests())
        except (ModelRefused, ReplyInvalid, NoUsableTests) as error:
            self._change(state="failed", reason=_reason(error))
        return self.record

    async def go_on(self, reason: str) -> UnitRecord:
        """Repair further, the unit itself to blame, after the one it waited for was mended or could not be."""
        self._change(blocked_on="")
        try:
            await self._until_green(await self.run_tests(), itself=True)
        except (ModelRefused, ReplyInvalid, NoUsableTests) as error:
            self._change(state="failed", reason=f"{reason}; {_reason(error)}")
        return self.record

    async def run_tests(self, codes: Mapping[str, str] | None = None, purpose: str = "unit tests") -> TestReport:
        """Run the unit's tests over the code it stands on, ``codes`` standing in for what is recorded."""
        own = {self.record.id: self.record.code} | dict(codes or {})
        files = files_under_test(self.plan, self.studio.library, self.record.id, self.record.tests, own)
        path = path_of_tests(self.plan, self.record.id)
        return await self.studio.bench.run(files, [path], purpose=purpose, subject=self.record.name)

    async def _write(self) -> None:
        """Write tests, then code; where no test is usable the code is written all the same, for those who call it."""
        try:
            self._change(tests=await write_tests(self.plan, self.record, self.studio))
        except NoUsableTests:
            self._change(code=await write_code(self.plan, self.record, self.studio))
            raise
        self._change(code=await write_code(self.plan, self.record, self.studio))

    async def _until_green(self, report: TestReport, *, itself: bool = False) -> None:
        limit = self.studio.settings.unit_repairs
        while not report.passed and self.record.attempts < limit and not self.record.blocked_on:
            self._change(attempts=self.record.attempts + 1)
            verdict = await attribute(
                self.plan,
                unit_case(self.plan, self.record, self.studio),
                report,
                self.studio,
                attempt=self.record.attempts,
            )
            if itself:
                verdict = Verdict(verdict.blame, self.record.id, verdict.reasons)
            report = await self._mend(report, verdict)
        reason = "" if report.passed else failure_text(report, most=3, width=600)
        self._change(state="verified" if report.passed else "failed", tests_total=len(report.results), reason=reason)

    async def _mend(self, report: TestReport, verdict: Verdict) -> TestReport:
        if verdict.culprit != self.record.id:
            # Its code is shared with units being built beside this one; it is mended when they have joined.
            self._change(blocked_on=verdict.culprit)
            return report
        report = await self._mend_itself(report, verdict)
        self.studio.emit(
            Repair(
                unit=self.record.id,
                name=self.record.name,
                target=verdict.blame,
                attempt=self.record.attempts,
                fixed=report.passed,
            )
        )
        return report

    async def _mend_itself(self, report: TestReport, verdict: Verdict) -> TestReport:
        attempt = self.record.attempts
        if verdict.blame == "test":
            tests = await repair_tests(self.plan, self.record, report, verdict, self.studio, attempt=attempt)
            self._change(tests=tests or self.record.tests)
            return await self.run_tests()
        if verdict.blame == "plan":
            return await self._replan(report, verdict)
        mended = await repair_code(
            self.plan, self.record, report, verdict, self.studio, attempt=attempt, run=self._try_code
        )
        self._change(code=mended.code)
        return mended.report

    async def _replan(self, report: TestReport, verdict: Verdict) -> TestReport:
        """Take over a new specification and write tests and code anew; users of the unit come later in the order."""
        attempt = self.record.attempts
        skeleton = await revise_skeleton(self.plan, self.record, report, verdict, self.studio, attempt=attempt)
        self._change(skeleton=skeleton.strip() + "\n", code="", tests="")
        self.plan = with_revised(self.plan, self.record, self.studio)
        await self._write()
        return await self.run_tests()

    async def _try_code(self, code: str) -> TestReport:
        return await self.run_tests({self.record.id: code})

    def _change(self, **changes: object) -> None:
        self.record = self.record.model_copy(update=changes)


def with_revised(plan: Plan, record: UnitRecord, studio: Studio) -> Plan:
    """Return a plan in which a unit's node says what its record's skeleton says."""
    fresh = plan.copy()
    fresh.units[record.id] = studio.library.put(record)
    signature = python_source.signature_of(record.skeleton, record.name)
    doc = outline.docstring_of(record.skeleton, record.name)
    fresh.rpg.update(record.id, place=Place(record.path, record.name, signature=signature), doc=doc)
    return fresh


def unit_end(record: UnitRecord) -> UnitEnd:
    """Return the event that closes a unit."""
    return UnitEnd(
        unit=record.id,
        name=record.name,
        path=record.path,
        state="verified" if record.state == "verified" else "failed",
        tests=record.tests_total,
        attempts=record.attempts,
        reason=record.reason,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, NoUsableTests):
        return f"no usable tests: {error}"
    return str(error)
