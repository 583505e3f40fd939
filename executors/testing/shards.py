"""A suite cut into shards of about the same time, run side by side, and put together again."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from repowright.executors.sandbox import Ended, SandboxError
from repowright.executors.testing.flaky import Runner
from repowright.executors.testing.framework import TestRequest
from repowright.executors.testing.line_coverage import merged
from repowright.executors.testing.report import TestOutcome, TestReport, TestResult
from repowright.executors.testing.selection import Selection

UNKNOWN_S = 1.0
"""Taken for every test when no time at all is known."""
LOST_CODE = 3


@dataclass(frozen=True)
class Shard:
    """Tests, or files of tests, that run in one box."""

    tests: tuple[str, ...]
    expected_s: float


def recorded_times(reports: Iterable[TestReport]) -> Mapping[str, float]:
    """Seconds of each test in the latest report that holds it; skipped and broken tests have none."""
    ran = (TestOutcome.PASSED, TestOutcome.FAILED)
    return {each.test: each.duration_s for report in reports for each in report.results if each.outcome in ran}


def plan_shards(tests: Iterable[str], times: Mapping[str, float], count: int) -> tuple[Shard, ...]:
    """Give the longest test left to the shard with the least to do.

    The longest shard takes at most 4/3 of the best possible (Graham 1969). The same tests and times give
    the same shards; a test without a time gets the median of the others.

    Raises
    ------
    ValueError
        If ``count`` is not positive.
    """
    if count < 1:
        raise ValueError(f"a suite cannot be cut into {count} shards")
    unique = sorted(set(tests))
    known = {test: times[test] for test in unique if test in times and _is_time(times[test])}
    median = statistics.median(known.values()) if known else UNKNOWN_S
    seconds = {test: known.get(test, median) for test in unique}
    groups: list[list[str]] = [[] for _ in range(min(count, len(unique)))]
    loads = [0.0] * len(groups)
    for test in sorted(unique, key=lambda test: (-seconds[test], test)):
        # Of two shards with the same load the one with fewer tests: times of zero must not pile up.
        place = min(range(len(groups)), key=lambda place: (loads[place], len(groups[place]), place))
        groups[place].append(test)
        loads[place] += seconds[test]
    return tuple(Shard(tuple(sorted(group)), load) for group, load in zip(groups, loads, strict=True))


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and seconds >= 0


def run_shards(run: Runner, shards: Sequence[Shard], workers: int, request: TestRequest | None = None) -> TestReport:
    """Run each shard in a box of its own, at most ``workers`` at once, and merge their reports.

    A shard whose box cannot be had or was lost becomes an error result; the others' results are kept.
    """
    request = request or TestRequest()

    def run_shard(shard: Shard) -> TestReport | SandboxError:
        try:
            return run(replace(request, select=shard.tests))
        except SandboxError as err:
            return err

    with ThreadPoolExecutor(max(1, min(workers, len(shards) or 1))) as pool:
        reports = list(pool.map(run_shard, shards))
    return merge_shards(shards, [_told(number, each) for number, each in enumerate(reports, 1)])


def _told(number: int, report: TestReport | SandboxError) -> TestReport:
    if isinstance(report, TestReport):
        return report
    error = TestResult(f"shard {number}", TestOutcome.ERROR, f"not run: {report}")
    return TestReport((error,), LOST_CODE, Ended.KILLED, 0.0)


def merge_shards(shards: Sequence[Shard], reports: Sequence[TestReport]) -> TestReport:
    """One report of all shards; a test that no shard or more than one reported becomes an error result."""
    results = [each for report in reports for each in report.results]
    missing = [
        TestResult(wanted, TestOutcome.ERROR, f"shard {number} reported nothing of it")
        for number, (shard, report) in enumerate(zip(shards, reports, strict=True), 1)
        for wanted in Selection(shard.tests).missing(each.test for each in report.results)
    ]
    planned = Selection(wanted for shard in shards for wanted in shard.tests)
    counts = Counter(each.test for report in reports for each in _unique(report))
    twice = [
        TestResult(test, TestOutcome.ERROR, f"{count} shards reported it")
        for test, count in sorted(counts.items())
        if count > 1 and planned.holds(test)
    ]
    everything = sorted([*results, *missing, *twice], key=lambda each: each.test)
    covered = [report.coverage for report in reports if report.coverage is not None]
    return TestReport(
        tuple(everything),
        next((report.exit_code for report in reports if report.exit_code), 0),
        next((report.ended for report in reports if report.ended is not Ended.EXITED), Ended.EXITED),
        max((report.duration_s for report in reports), default=0.0),
        "".join(report.output for report in reports if report.exit_code),
        tuple(sorted({note for report in reports for note in report.notes})),
        merged(covered) if covered else None,
    )


def _unique(report: TestReport) -> Iterable[TestResult]:
    return {each.test: each for each in report.results}.values()
