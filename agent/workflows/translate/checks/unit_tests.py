"""The crate's own tests: each executable on its own, unprivileged; those that pass on stubs count for nothing."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.finding import CheckName, Finding, Verdict, skipped
from repowright.executors import TestOutcome, TestReport, TestResult
from repowright.repo_tools.rust_source import find_tests

ROUND_S = 90.0
"""Wall time of one run; executables that it did not come to are run again, each alone."""
SHOWN = 20


class UnitTestCheck:
    """Runs ``cargo test``."""

    name = CheckName.TESTS

    def __init__(self, bench: Bench, wall_s: float = ROUND_S) -> None:
        self._bench = bench
        self._wall_s = wall_s

    async def check(self, crate: Crate) -> Finding:
        """Run every test; at least one that fails on stubs must pass, and none may fail."""
        if not any(find_tests(data) for path, data in crate.files.items() if path.endswith(".rs")):
            return skipped(self.name, "the crate has no test")
        results, problems, duration = await run_binaries(self._bench, crate.files, self._wall_s)
        by = {
            outcome: tuple(sorted(name for name, each in results.items() if each.outcome is outcome))
            for outcome in TestOutcome
        }
        passed, failed = by[TestOutcome.PASSED], (*by[TestOutcome.FAILED], *by[TestOutcome.ERROR])
        real = tuple(name for name in passed if name not in crate.vacuous)
        names = {"passed": passed, "failed": failed, "real": real, "skipped": by[TestOutcome.SKIPPED]}
        figures = {key: float(len(value)) for key, value in names.items()}
        told = f"{len(passed)} tests pass ({len(real)} of them fail on stubs), {len(failed)} fail"
        wrong = [f"{name}: {results[name].message or results[name].detail[-300:]}" for name in failed[:SHOWN]]
        wrong += problems
        if not wrong and not real:
            reason = "no test fails on stubs: passing them shows nothing" if passed else "the crate has no test"
            return Finding(self.name, Verdict.SKIPPED, reason, (reason,), (), figures, names, duration)
        verdict = Verdict.FAILED if wrong else Verdict.PASSED
        return Finding(self.name, verdict, told, tuple(wrong), (), figures, names, duration)


async def run_binaries(
    bench: Bench, files: Mapping[str, bytes], wall_s: float
) -> tuple[dict[str, TestResult], list[str], float]:
    """Run all tests; where one executable hangs or kills its runner, run the others on their own.

    Returns
    -------
    Results by test, problems of the run, and seconds it took.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    report = await bench.test(files, (), wall_s)
    results, problems = _read(report)
    duration = report.duration_s
    if not problems:
        return results, problems, duration
    known = {path for path, data in files.items() if path.endswith(".rs") and find_tests(data)}
    targets = sorted(path for path in known if "/bin/" in path or path.startswith("tests/"))
    silent = [path for path in targets if not any(name.startswith(f"{path}::") for name in results)]
    for path in silent if len(targets) > 1 else []:
        again = await bench.test(files, (path,), wall_s)
        more, trouble = _read(again)
        results |= more
        problems += [each for each in trouble if each not in problems]
        duration += again.duration_s
    return results, problems, duration


def _read(report: TestReport) -> tuple[dict[str, TestResult], list[str]]:
    """Tests by name, and what the run says of itself: its results that carry no test's name."""
    results = {each.test: each for each in report.results if "::" in each.test or " " in each.test}
    problems = [
        f"{each.test}: {each.message or each.detail[:300]}" for each in report.results if each.test not in results
    ]
    return results, problems
