"""Runs the tests of many tasks, several tasks in one process, so that no task has a say in another's verdict.

Starting a process costs more than most tests (1.7 to 3.4 s of imports a project), so tasks share one. What such a run
says counts only if it came to its end; else the task that broke it runs alone and the others run again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from repowright.benchmarks.repocraft.control.judging import USAGE_ERROR, is_canary, judge, own_results
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict
from repowright.executors import Ended, TestOutcome, TestReport
from repowright.executors.testing.framework import TOLD_BY_RUN

BATCH = 24
"""Tasks in one process at most."""
MOST_ROUNDS = 4
"""How often what is left of a broken batch is run again as a batch."""
BARREN_ROUNDS = 2
"""Rounds without a single test, after which the rest of a batch is taken to be as broken: its import hangs."""
_CPU = re.compile(r"processor seconds: (\d+\.\d+)")


@dataclass(frozen=True)
class Item:
    """A task as far as running its tests goes."""

    task: str
    tests: tuple[str, ...]
    """Node ids without parameters."""


Runner = Callable[[Sequence[Item]], TestReport]
"""Runs the tests of some tasks in a fresh box; of a single one with the time limit of a single one."""


@dataclass(frozen=True)
class Judged:
    """Verdicts in the order of the tasks, and the processor time of all runs that came to their end."""

    verdicts: tuple[TaskVerdict, ...]
    cpu_s: float = 0.0


def judge_all(run: Runner, items: Sequence[Item], jobs: int, batch: int = BATCH) -> Judged:
    """Judge every task, ``jobs`` batches at a time; tasks of one file share a batch."""
    batches = in_batches(items, min(batch, max(1, -(-len(items) // max(1, jobs)))))
    with ThreadPoolExecutor(max(1, min(jobs, len(batches) or 1))) as pool:
        found = list(pool.map(lambda each: _judge_batch(run, each), batches))
    by_task = {verdict.task: verdict for judged in found for verdict in judged.verdicts}
    return Judged(tuple(by_task[item.task] for item in items), round(sum(each.cpu_s for each in found), 2))


def in_batches(items: Iterable[Item], size: int) -> list[list[Item]]:
    """Cut tasks, sorted by their files, into batches."""
    ordered = sorted(items, key=lambda item: (item.tests, item.task))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def came_to_its_end(report: TestReport) -> bool:
    """True if the last test, which cannot pass, was reported as failed, and nothing cut the run short."""
    told = any(each.test in TOLD_BY_RUN for each in report.results)
    canaries = [each.outcome for each in report.results if is_canary(each)]
    return report.ended is Ended.EXITED and not told and canaries == [TestOutcome.FAILED]


def processor_seconds(report: TestReport) -> float:
    """What the process used, as the canary tells; 0 where it did not run."""
    found = (_CPU.search(each.message) for each in report.results if is_canary(each))
    return next((float(match[1]) for match in found if match), 0.0)


def _judge_batch(run: Runner, items: Sequence[Item]) -> Judged:
    verdicts: dict[str, TaskVerdict] = {}
    cpu_s, left, barren = 0.0, list(items), 0
    for _ in range(MOST_ROUNDS):
        if not left:
            break
        report = run(left)
        cpu_s += processor_seconds(report)
        if came_to_its_end(report) or len(left) == 1:
            verdicts |= {item.task: _alone(report, item) for item in left}
            return Judged(tuple(verdicts.values()), cpu_s)
        breaker = _breaker(report, left)
        alone = run([breaker])
        cpu_s += processor_seconds(alone)
        verdicts[breaker.task] = _alone(alone, breaker)
        left.remove(breaker)
        barren += not (_ran(report) or _ran(alone))
        if barren == BARREN_ROUNDS or _same_trouble(report, alone):
            break
    # What still broke is not given the benefit of the doubt.
    verdicts |= {item.task: _after(verdicts, item) for item in left}
    return Judged(tuple(verdicts.values()), cpu_s)


def _alone(report: TestReport, item: Item) -> TaskVerdict:
    """A verdict on a run that ended well, or on one that had no other task in it."""
    verdict = judge(item.task, report, item.tests)
    if verdict.state is State.PASSED and not came_to_its_end(report):
        return verdict.model_copy(update={"state": State.ERROR, "detail": "the run did not come to its end"})
    return verdict


def _breaker(report: TestReport, items: Sequence[Item]) -> Item:
    """The task whose test, or whose file, was the last to end badly; else the first of all."""
    wrong = [each for each in report.results if each.outcome is TestOutcome.ERROR and each.test not in TOLD_BY_RUN]
    if not wrong:
        return items[0]
    last = replace(report, results=(wrong[-1],))
    return next((item for item in items if own_results(last, item.tests)), items[0])


def _same_trouble(batch: TestReport, alone: TestReport) -> bool:
    """True if pytest itself could not start for either: it will not for the others."""
    ended = batch.ended is Ended.EXITED and alone.ended is Ended.EXITED
    return ended and not _ran(batch) and not _ran(alone) and batch.exit_code == alone.exit_code == USAGE_ERROR


def _ran(report: TestReport) -> bool:
    return any("::" in each.test for each in report.results)


def _after(verdicts: dict[str, TaskVerdict], item: Item) -> TaskVerdict:
    """What the last task that ran alone came to holds for the rest, which met the same."""
    last = list(verdicts.values())[-1]
    state = State.ERROR if last.state is State.PASSED else last.state
    return TaskVerdict(task=item.task, state=state, detail=last.detail or "its run never came to its end")
