"""The fourth stage: the affected tests on the repository as it was and on the changed copy."""

from __future__ import annotations

from repowright.agent.events import Decision
from repowright.agent.results import RunResults, write_results
from repowright.agent.workflows.resolve.affected import Selection, affected_tests
from repowright.agent.workflows.resolve.comparing import compared, told, why_nothing_ran
from repowright.agent.workflows.resolve.records import Change, Comparison, Reproduction
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.working_copy import WorkingCopy
from repowright.executors import Ended, TestReport

_NOTHING = TestReport((), 0, Ended.EXITED, 0.0)
ROUNDS = 3
"""How often a change is worked on at most."""


async def verify(studio: Studio, change: Change, reproduction: Reproduction) -> Comparison:
    """Run the affected tests, and the test of the issue, before and after the change; say what that shows.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    copy = WorkingCopy(studio.atlas.tree, changed=change.files)
    selection = affected_tests(studio.atlas, copy.changed_lines())
    own = [reproduction.path] if reproduction.path else []
    added = [path for path in sorted(change.files) if _is_new_test(studio, path)]
    selection = Selection((*own, *added, *selection.tests), selection.why, selection.left_out)
    if studio.untestable or not selection.tests:
        return Comparison(why=studio.untestable or "the graph knows no test that reaches the change")
    beside = {reproduction.path: reproduction.code} if reproduction.path else {}
    old = WorkingCopy(studio.atlas.tree).files(beside)
    known = [test for test in selection.tests if test.partition("::")[0] in old]
    before = _NOTHING  # an empty selection would run everything
    if known:
        before = await studio.bench.run(old, known, purpose="before the change", subject="the affected tests")
    after = await studio.bench.run(copy.files(beside), selection.tests, purpose="final", subject="the affected tests")
    write_results(studio.run, RunResults.of(after))
    found = compared(selection, before, after)
    if not found.ran:
        found = found.model_copy(update={"why": f"nothing could be run: {why_nothing_ran(after)}", "broken": ()})
    elif reproduction.path and not passes_now(found, reproduction):
        found = found.model_copy(update={"failures": told(after)})
    _tell(studio, found)
    return found


def passes_now(comparison: Comparison, reproduction: Reproduction) -> bool:
    """Tell whether every test that showed the issue passes after the change."""
    return bool(reproduction.failing) and set(reproduction.failing) <= set(comparison.fixed)


def is_wanting(comparison: Comparison, reproduction: Reproduction) -> bool:
    """Tell whether tests show that the change must be worked on again."""
    if not comparison.ran:
        return False
    return bool(comparison.broken) or (bool(reproduction.path) and not passes_now(comparison, reproduction))


def _is_new_test(studio: Studio, path: str) -> bool:
    name = path.rpartition("/")[2]
    return path not in studio.atlas.tree.files and name.startswith("test") and name.endswith(".py")


def _tell(studio: Studio, found: Comparison) -> None:
    what = f"{found.passed} pass and {found.failed} fail after the change, {len(found.broken)} of them because of it"
    studio.emit(
        Decision(
            stage="verify",
            subject="the affected tests",
            what=what if found.ran else "no test could be run",
            why=found.why or "they were chosen by the graph",
            evidence=[*found.broken[:10], *found.fixed[:10]],
        )
    )
