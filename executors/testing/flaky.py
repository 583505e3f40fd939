"""Flaky tests, found by running them again, and tests that depend on the order they run in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from repowright.executors.testing.framework import TOLD_BY_RUN, Order, TestRequest
from repowright.executors.testing.report import TestOutcome, TestReport

Runner = Callable[[TestRequest], TestReport]
"""Runs a suite in a fresh box, such as ``run_tests`` with all but the request given."""
GOOD = (TestOutcome.PASSED, TestOutcome.SKIPPED)


class Stability(StrEnum):
    """What several runs say of one test."""

    STABLE_PASSED = "stable passed"
    STABLE_FAILED = "stable failed"
    FLAKY = "flaky"


@dataclass(frozen=True)
class StabilityVerdict:
    """One test over all of its runs; a run that gave it no result counts as failed."""

    test: str
    stability: Stability
    passed: int
    failed: int


@dataclass(frozen=True)
class OrderVerdict:
    """A test that ends differently in another order, and the same whenever that order is repeated."""

    test: str
    order: Order
    usual: TestOutcome
    otherwise: TestOutcome


@dataclass(frozen=True)
class OrderReport:
    """Tests that depend on the order, and those that changed without one order explaining it."""

    dependent: tuple[OrderVerdict, ...]
    flaky: tuple[str, ...]


def find_flaky(
    run: Runner,
    first: TestReport,
    times: int,
    *,
    request: TestRequest | None = None,
    passed_too: bool = False,
    workers: int = 1,
) -> tuple[StabilityVerdict, ...]:
    """Run the failed tests of ``first`` again, each time all of them in one fresh box.

    Parameters
    ----------
    first
        A report of the suite; counts as one run of each test.
    times
        How often they are run again.
    request
        The request that ``first`` answered; its selection is replaced.
    passed_too
        True to run the tests that passed again as well.
    workers
        How many boxes run at once.
    """
    wanted = [each.test for each in first.results if each.outcome not in GOOD]
    if passed_too:
        wanted = [each.test for each in first.results if each.outcome is not TestOutcome.SKIPPED]
    wanted = sorted(set(wanted) - TOLD_BY_RUN)
    if not wanted:
        return ()
    again = replace(request or TestRequest(), select=tuple(wanted))
    with ThreadPoolExecutor(max(1, workers)) as pool:
        reports = [first, *pool.map(run, [again] * times)]
    return tuple(_verdict(test, [_outcomes(report).get(test) for report in reports]) for test in wanted)


def _verdict(test: str, outcomes: Sequence[TestOutcome | None]) -> StabilityVerdict:
    passed = sum(outcome in GOOD for outcome in outcomes)
    failed = len(outcomes) - passed
    stability = Stability.FLAKY
    if not passed or not failed:
        stability = Stability.STABLE_PASSED if passed else Stability.STABLE_FAILED
    return StabilityVerdict(test, stability, passed, failed)


def find_order_dependent(run: Runner, orders: Iterable[Order], *, request: TestRequest | None = None) -> OrderReport:
    """Run the whole suite in other orders; a test that changed must change again when both orders are repeated.

    Raises
    ------
    UnsupportedRequest
        If the framework cannot run tests in one of the orders.
    """
    request = request or TestRequest()
    usual, usual_again = _outcomes(run(request)), None
    dependent, flaky = [], set()
    for order in orders:
        other = _outcomes(run(replace(request, order=order)))
        changed = [test for test in sorted(usual.keys() & other.keys()) if usual[test] is not other[test]]
        if not changed:
            continue
        usual_again = usual_again or _outcomes(run(request))
        other_again = _outcomes(run(replace(request, order=order)))
        for test in changed:
            if usual_again.get(test) is usual[test] and other_again.get(test) is other[test]:
                dependent.append(OrderVerdict(test, order, usual[test], other[test]))
            else:
                flaky.add(test)
    return OrderReport(tuple(dependent), tuple(sorted(flaky)))


def _outcomes(report: TestReport) -> dict[str, TestOutcome]:
    return {result.test: result.outcome for result in report.results}
