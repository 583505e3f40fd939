"""Decides what a run came to: its results, and an error for each reason not to believe them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from repowright.executors.sandbox import Ended, Outcome
from repowright.executors.testing.driver_stream import DriverStream
from repowright.executors.testing.framework import Reading, StepRun, TestRequest
from repowright.executors.testing.normalise import normalise
from repowright.executors.testing.report import TestOutcome, TestReport, TestResult
from repowright.executors.testing.selection import Selection, numbered

OUTPUT_CHARACTERS = 4000
MESSAGE_CHARACTERS = 500
DETAIL_CHARACTERS = 8000
WRONG = (TestOutcome.FAILED, TestOutcome.ERROR)


@dataclass
class Run:
    """What is known of a run while its steps go on."""

    done: tuple[StepRun, ...] = ()
    output: str = ""
    errors: str = ""
    ended: Ended = Ended.EXITED
    complete: bool = True
    """False when the driver went away before its end."""
    exit_code: int = 0

    @property
    def goes_on(self) -> bool:
        """True while nothing has failed or ended the run."""
        return self.complete and self.exit_code == 0 and self.ended is Ended.EXITED

    def take(self, stream: DriverStream, rest: str, outcome: Outcome) -> None:
        """Take in what one process of the box came to."""
        self.done += tuple(stream.steps)
        self.output += rest
        self.errors += outcome.stderr
        limited = outcome.ended is not Ended.EXITED
        self.ended = outcome.ended if limited else stream.ended or Ended.EXITED
        self.complete = stream.ended is not None
        codes = [run.exit_code for run in self.done if run.name != "coverage"] or [outcome.exit_code]
        self.exit_code = next(filter(None, codes), 0) if self.complete else outcome.exit_code


def judge(name: str, request: TestRequest, run: Run, reading: Reading, duration_s: float) -> TestReport:
    """Make the report of a run, with an error result for everything that does not fit together."""
    everything = tuple(_shown(result) for result in numbered(reading.results))
    results = chosen(everything, request.select)
    printed = run.output if reading.output is None else reading.output
    output = normalise((printed + run.errors)[-2 * OUTPUT_CHARACTERS :])[-OUTPUT_CHARACTERS:]
    problems = [*_ending(name, run), *reading.problems]
    if not problems:
        missing = Selection(request.select).missing(each.test for each in results)
        problems = [*_disagreement(name, run, everything), *(f"not found: {each}" for each in missing)]
    errors = [TestResult(name, TestOutcome.ERROR, problem, output[-OUTPUT_CHARACTERS // 2 :]) for problem in problems]
    notes, exit_code = reading.notes, run.exit_code
    if len(results) < len(everything):
        notes = (*notes, f"left out: {len(everything) - len(results)} tests that ran beside those selected")
        # Only tests that nobody asked for explain the code.
        exit_code = exit_code if any(each.outcome in WRONG for each in (*results, *errors)) else 0
    return TestReport((*results, *errors), exit_code, run.ended, duration_s, output, notes, reading.coverage)


def _ending(name: str, run: Run) -> list[str]:
    if run.ended is Ended.KILLED:
        return ["still running when the run was killed"]
    if run.ended is not Ended.EXITED:
        return [f"still running when the {run.ended} limit ended the run"]
    if not run.complete:
        return [f"{name} went away with code {run.exit_code} before it told how the tests ended"]
    return []


def _disagreement(name: str, run: Run, results: Sequence[TestResult]) -> list[str]:
    wrong = any(result.outcome in WRONG for result in results)
    failed = next((step.name for step in run.done if step.exit_code), "")
    if failed in {"configure", "build"} and not wrong:
        return [f"the {failed} ended with code {run.exit_code}"]
    if run.exit_code and not wrong:
        return [f"{name} ended with code {run.exit_code}, but its report names no test that failed"]
    if wrong and not run.exit_code:
        return [f"the report names tests that failed, but {name} ended with code 0"]
    return [] if results else ["no test ran"]


def chosen(results: Sequence[TestResult], select: Sequence[str]) -> tuple[TestResult, ...]:
    """Leave out tests that the tool ran or skipped beside those selected; errors are kept, whatever they name."""
    selection = Selection(select)
    return tuple(each for each in results if each.outcome is TestOutcome.ERROR or selection.holds(each.test))


def _shown(result: TestResult) -> TestResult:
    message = normalise(result.message).strip().partition("\n")[0][:MESSAGE_CHARACTERS]
    return replace(result, message=message, detail=_cut(normalise(result.detail)))


def _cut(text: str) -> str:
    if len(text) <= DETAIL_CHARACTERS:
        return text
    half = DETAIL_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"
