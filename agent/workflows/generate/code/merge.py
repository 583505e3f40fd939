"""A generation joins: deferred repairs one after the other, regression tests, states, commits.

Units of a generation are built side by side against the same plan and change nothing but themselves; what one
of them needs changed elsewhere is done here, in the order of the units, so that the result never depends on
which branch was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from repowright.agent.events import Decision, Repair
from repowright.agent.workflows.generate.code.attribution import Verdict, attribute, unit_case
from repowright.agent.workflows.generate.code.repair import repair_code, repair_tests
from repowright.agent.workflows.generate.code.unit import UnitBuilder, unit_end, with_revised
from repowright.agent.workflows.generate.code.workspace import (
    imported_units,
    package_files,
    path_of_tests,
    standing,
)
from repowright.agent.workflows.generate.code.writing import failure_text, function_name, with_neighbours
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import TestOutcome, TestReport
from repowright.graph.kinds import State


async def take_over(plan: Plan, records: Sequence[UnitRecord], studio: Studio) -> tuple[Plan, list[str]]:
    """Enter a generation's records into the plan; return it and the ids of all units that changed."""
    plan = plan.copy()
    for record in records:
        plan = entered(plan, record, studio)
    changed = [record.id for record in records]
    for record in records:
        if record.blocked_on:
            plan, more = await _mend_dependency(plan, record, studio)
            changed += [one for one in more if one not in changed]
    plan, more = await regress(plan, [record.id for record in records], studio)
    changed += [one for one in more if one not in changed]
    for record in records:
        studio.emit(unit_end(studio.library.get(plan.units[record.id])))
    return plan, changed


def entered(plan: Plan, record: UnitRecord, studio: Studio) -> Plan:
    before = studio.library.get(plan.units[record.id])
    if record.skeleton != before.skeleton:
        plan = with_revised(plan, record, studio)
    plan.units[record.id] = studio.library.put(record)
    state = State.VERIFIED if record.state == "verified" else State.IMPLEMENTED if record.code else State.STUBBED
    plan.rpg.update(record.id, state=state)
    for node in plan.rpg.descendants(record.id):
        plan.rpg.update(node.id, state=state)
    return plan


async def _mend_dependency(plan: Plan, record: UnitRecord, studio: Studio) -> tuple[Plan, list[str]]:
    """Mend the unit that a failure is blamed on, then go on with the unit itself."""
    target = plan.rpg.node(record.blocked_on)
    plan, fixed = await mend_shared(
        plan,
        target.id,
        {path_of_tests(plan, record.id): record.tests},
        (record.reason,),
        studio,
        attempt=record.attempts,
        needed_by=record.id,
    )
    reason = f"blamed on {target.name}, which {'was mended' if fixed else 'could not be mended'}"
    builder = UnitBuilder(plan, record.id, studio)
    return entered(plan.copy(), await builder.go_on(reason), studio), [target.id] if fixed else []


async def mend_shared(
    plan: Plan,
    target_id: str,
    failing: Mapping[str, str],
    reasons: Sequence[str],
    studio: Studio,
    *,
    attempt: int,
    needed_by: str,
) -> tuple[Plan, bool]:
    """Mend a unit that others stand on; the change counts only if their tests and its own still pass.

    Parameters
    ----------
    failing
        Test modules that blame it, by path: they must pass too.
    needed_by
        Id of the unit or area the failing tests belong to.
    """
    target = studio.library.get(plan.units[target_id])
    if not target.code:
        return plan, False
    guarded = [one for one in plan.dependents(target_id) if _is_verified(plan, one, studio)]
    tested = [one for one in (target_id, *guarded) if studio.library.get(plan.units[one]).tests]
    roots = plan.roots(needed_by)

    async def run(code: str, tests: str = target.tests) -> TestReport:
        return await run_suite(
            plan,
            tested,
            studio,
            purpose="regression",
            codes={target_id: code},
            tests={target_id: tests} if tests else {},
            extra=failing,
            roots=roots,
        )

    verdict = Verdict("code", target_id, tuple(reasons))
    shown = "\n\n".join([target.tests, *failing.values()])
    mended = await repair_code(
        plan, target, await run(target.code), verdict, studio, attempt=attempt, run=run, tests=shown
    )
    target = target.model_copy(update={"code": mended.code})
    fixed = mended.report.passed
    if not fixed and _fails_alone(plan, target_id, mended.report):
        tests = await _its_tests_mended(plan, target, mended.report, studio, attempt=attempt)
        target = target.model_copy(update={"tests": tests or target.tests})
        fixed = bool(tests) and (await run(target.code, tests)).passed
    name = plan.rpg.node(needed_by).name
    studio.emit(Repair(unit=needed_by, name=name, target=target.name, attempt=attempt, fixed=fixed))
    return (entered(plan.copy(), target, studio), True) if fixed else (plan, False)


def _fails_alone(plan: Plan, unit_id: str, report: TestReport) -> bool:
    """Return whether all that still fails is the unit's own tests: its users are content with the new code."""
    bad = {one.test.partition("::")[0] for one in report.results if one.outcome is not TestOutcome.PASSED}
    return bad == {path_of_tests(plan, unit_id)}


async def _its_tests_mended(plan: Plan, record: UnitRecord, report: TestReport, studio: Studio, *, attempt: int) -> str:
    """Return the unit's tests as mended, if the judges blame them; they see the units beside it too."""
    holes = with_neighbours(plan, record, studio)
    case = replace(unit_case(plan, record, studio), holes=holes)
    verdict = await attribute(plan, case, report, studio, attempt=attempt)
    if verdict.blame != "test":
        return ""
    return await repair_tests(plan, record, report, verdict, studio, attempt=attempt, holes=holes)


async def regress(plan: Plan, ids: Sequence[str], studio: Studio) -> tuple[Plan, list[str]]:
    """Run the tests of verified units that share a file with the given ones; what broke is repaired or marked."""
    files = {plan.file_of(one).id for one in ids}
    tested = [one for file in sorted(files) for one in (node.id for node in plan.file_units(file))]
    tested = [one for one in tested if _is_verified(plan, one, studio)]
    if len(tested) < 2:
        return plan, []
    report = await run_suite(plan, tested, studio, purpose="regression")
    broken = _units_failing(plan, tested, report)
    for one in broken:
        record = studio.library.get(plan.units[one])
        studio.emit(
            Decision(
                stage="code",
                subject=record.name,
                what="repaired again",
                why="its tests failed when its generation joined",
                evidence=[failure_text(report, most=2, width=400)],
            )
        )
        plan = entered(plan.copy(), await UnitBuilder(plan, one, studio).go_on("regression"), studio)
    return plan, broken


async def run_suite(
    plan: Plan,
    ids: Sequence[str],
    studio: Studio,
    *,
    purpose: str,
    codes: Mapping[str, str] | None = None,
    tests: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    roots: Sequence[str] = (),
) -> TestReport:
    """Run the tests of several units, and ``extra`` test modules, over the code that they and ``roots`` stand on.

    Parameters
    ----------
    codes, tests
        What stands in for code and tests of the records, by unit id.
    """
    tests = {one: studio.library.get(plan.units[one]).tests for one in ids} | dict(tests or {})
    written = plan.closure(roots).union(*(standing(plan, one, source) for one, source in tests.items()))
    imported = set().union(*(imported_units(plan, source) for source in tests.values()))
    files = package_files(plan, studio.library, written | imported, written, codes)
    suites = {path_of_tests(plan, one): source for one, source in tests.items()} | dict(extra or {})
    files |= {path: tests.encode() for path, tests in suites.items()}
    subject = plan.rpg.node(ids[0]).name if len(ids) == 1 else f"{len(ids)} units"
    return await studio.bench.run(files, sorted(suites), purpose=purpose, subject=subject)


def _units_failing(plan: Plan, ids: Sequence[str], report: TestReport) -> list[str]:
    """Return the units whose tests did not pass; where a run was cut short, those not seen to pass."""
    bad = {result.test.partition("::")[0] for result in report.results if result.outcome is not TestOutcome.PASSED}
    seen = {result.test.partition("::")[0] for result in report.results if function_name(result.test)}
    paths = {one: path_of_tests(plan, one) for one in ids}
    return [one for one, path in paths.items() if path in bad or (not report.passed and path not in seen)]


def _is_verified(plan: Plan, unit_id: str, studio: Studio) -> bool:
    record = studio.library.get(plan.units[unit_id])
    return record.state == "verified" and bool(record.tests)
