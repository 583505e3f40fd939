"""Sandbox runs as evidence: each is kept under the hash of all that went into it.

What a suite did goes into prompts, so it is recorded like a model's reply. A resumed run takes its own runs
from there. A replayed run really runs every suite again and compares: where each test ends as it did in the
recording, the recorded words are used, so that the next request is the recorded one, whichever sandbox and
Python are here; where one ends otherwise, that is said, and the new words count.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from repowright.agent.events import EventBus, SandboxRun, Warning
from repowright.agent.llm import Record, Replay
from repowright.executors import Ended, Limits, Sandbox, SandboxLost, TestOutcome, TestReport, TestResult, run_pytest

KIND = "sandbox"
LOST_BOX_TRIES = 3
REPORT: TypeAdapter[TestReport] = TypeAdapter(TestReport)


class TestBench:
    """Runs test suites in the sandbox, a bounded number at a time.

    Parameters
    ----------
    slots
        How many boxes may run at once.
    """

    __test__ = False

    def __init__(
        self,
        sandbox: Sandbox,
        record: Record,
        replay: Replay | None,
        events: EventBus,
        slots: int,
        limits: Limits,
    ) -> None:
        self._sandbox = sandbox
        self._record = record
        self._replay = replay
        self._events = events
        self._slots = asyncio.Semaphore(slots)
        self._limits = limits

    async def run(
        self,
        files: Mapping[str, bytes],
        select: Sequence[str],
        *,
        purpose: str,
        subject: str,
        coverage_of: str | None = None,
        untold: Callable[[TestResult], bool] = lambda result: False,
    ) -> TestReport:
        """Run the selected tests over ``files`` and return what happened, from this run's record if it is there.

        Parameters
        ----------
        untold
            Which results the event does not count, such as that of a test which is there to fail.
        """
        key = evidence_key(files, select, self._limits, coverage_of)
        kept = self._record.get_text(KIND, key)
        if kept is not None:
            return REPORT.validate_json(kept)
        told = self._recorded(key)
        async with self._slots:
            report = await asyncio.to_thread(self.execute, files, select, coverage_of)
            if told is not None and verdict(told) != verdict(report):
                # A machine under load can end a run otherwise once; twice is evidence.
                report = await asyncio.to_thread(self.execute, files, select, coverage_of)
        self._events.emit(
            SandboxRun(
                purpose=purpose,
                subject=subject,
                backend=self._sandbox.name,
                ended=_named_end(report),
                seconds=report.duration_s,
                passed=report.count(TestOutcome.PASSED),
                failed=sum(one.outcome is TestOutcome.FAILED and not untold(one) for one in report.results),
                errors=report.count(TestOutcome.ERROR),
                skipped=report.count(TestOutcome.SKIPPED),
            )
        )
        report = self._as_recorded(told, report, subject)
        self._record.put_text(KIND, key, REPORT.dump_json(report).decode())
        return report

    def execute(self, files: Mapping[str, bytes], select: Sequence[str], coverage_of: str | None) -> TestReport:
        """Run a suite in a box, and again in a new one where the box itself was lost."""
        for last in [False] * (LOST_BOX_TRIES - 1) + [True]:
            try:
                return run_pytest(self._sandbox, files, select, self._limits, coverage_of)
            except SandboxLost:
                # A lost box says nothing about the tests; they are run again in a new one.
                if last:
                    raise
        raise AssertionError("unreachable")

    def _recorded(self, key: str) -> TestReport | None:
        told = self._replay.get_text(KIND, key) if self._replay else None
        return None if told is None else REPORT.validate_json(told)

    def _as_recorded(self, recorded: TestReport | None, report: TestReport, subject: str) -> TestReport:
        if recorded is None:
            return report
        if verdict(recorded) == verdict(report):
            return replace(recorded, duration_s=report.duration_s)
        text = f"the tests of {subject} ended otherwise than in the recording: {_difference(recorded, report)}"
        self._events.emit(Warning(message=text))
        return report


def evidence_key(files: Mapping[str, bytes], select: Sequence[str], limits: Limits, coverage_of: str | None) -> str:
    """Return the content address of a sandbox run: 32 hex digits of SHA-256."""
    hashed = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    body = [hashed, list(select), [limits.memory_mb, limits.pids, limits.disk_mb], coverage_of]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def verdict(report: TestReport) -> tuple[bool, tuple[tuple[str, str], ...]]:
    """Return what must be equal for two runs to be the same evidence: each test's end.

    Where a limit ended the run, which test it hit and how far the rest came depends on the machine.
    """
    if report.ended is not Ended.EXITED:
        return False, ()
    return report.passed, tuple(sorted((result.test, str(result.outcome)) for result in report.results))


def _named_end(report: TestReport) -> str:
    """Return why the run ended; attempts on the network are named although they end nothing."""
    if report.ended is Ended.EXITED and any(note.startswith("network") for note in report.notes):
        return "network"
    return str(report.ended)


def _difference(recorded: TestReport, report: TestReport) -> str:
    if recorded.ended is not report.ended:
        return f"{recorded.ended} then, {report.ended} now"
    then, now = (dict(verdict(one)[1]) for one in (recorded, report))
    differing = sorted(test for test in then.keys() | now.keys() if then.get(test) != now.get(test))
    named = [f"{test} {then.get(test, 'absent')} then, {now.get(test, 'absent')} now" for test in differing[:3]]
    return "; ".join(named) or "another exit status"
