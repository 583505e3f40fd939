"""One job of a batch: its files and what runs on them, and the result, checked to be this job's own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import ConfigDict

from repowright.executors.sandbox import (
    Box,
    Ended,
    Limits,
    Outcome,
    Sandbox,
    SandboxError,
    SandboxLost,
    SandboxUnavailable,
)
from repowright.executors.testing.pytest import TestReport, run_pytest

LOST_BOXES = 2
"""How often a job whose box was lost is run again."""
SCRIPT = 'printf "%s\\n" "$1"; shift; exec "$@"'
"""Prints the job's nonce before the command prints anything."""


class ResultMixed(SandboxLost):
    """What came back does not carry the nonce of its job: it is not believed."""


@dataclass(frozen=True)
class Suite:
    """Run pytest on the files of the job: on the test files or node ids of ``select``, or on all it finds."""

    select: tuple[str, ...] = ()
    coverage_of: str | None = None


@dataclass(frozen=True)
class Job:
    """What one box does. ``id`` is unique in its batch and stays the same when the batch is run again."""

    id: str
    files: Mapping[str, bytes]
    work: tuple[str, ...] | Suite
    """A command, or a test suite."""
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of the command."""
    fetch: tuple[str, ...] = ()
    """Files that the command leaves and the result holds."""


@dataclass(frozen=True)
class JobResult:
    """How a job ended: with an outcome, with a report, or with ``error``, which says nothing about its code."""

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    id: str
    key: str = ""
    """Digest of the job."""
    nonce: str = ""
    """Made for this run of the job; its output came back with it."""
    outcome: Outcome | None = None
    report: TestReport | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    lost_boxes: int = 0
    """Boxes that went away under it."""
    error: str = ""
    lost: bool = False
    """Each box was lost: the job may be run again."""


def run_job(sandbox: Sandbox, job: Job, key: str) -> JobResult:
    """Run a job in a box of its own, and in a new one at most twice when its box is lost.

    Raises
    ------
    SandboxUnavailable
        If no box can be had.
    """
    counted = _Counted(sandbox)
    nonce = secrets.token_hex(16)
    try:
        found = _run_suite(counted, job, job.work) if isinstance(job.work, Suite) else _run_command(counted, job, nonce)
    except SandboxUnavailable:
        raise
    except SandboxLost as err:
        return JobResult(job.id, key, nonce, lost_boxes=counted.boxes, error=str(err), lost=True)
    except SandboxError as err:
        return JobResult(job.id, key, nonce, lost_boxes=max(0, counted.boxes - 1), error=str(err))
    return replace(found, key=key, nonce=nonce, lost_boxes=counted.boxes - 1)


def _run_suite(sandbox: Sandbox, job: Job, suite: Suite) -> JobResult:
    # Every record of the report carries a secret of its run, and lost boxes are made up for.
    return JobResult(job.id, report=run_pytest(sandbox, job.files, suite.select, job.limits, suite.coverage_of))


def _run_command(sandbox: Sandbox, job: Job, nonce: str) -> JobResult:
    for lost in range(LOST_BOXES + 1):
        try:
            return _run_once(sandbox, job, nonce)
        except SandboxLost:
            if lost == LOST_BOXES:
                raise
    raise AssertionError("unreachable")


def _run_once(sandbox: Sandbox, job: Job, nonce: str) -> JobResult:
    line = f"{nonce}\n"
    limits = replace(job.limits, output_bytes=job.limits.output_bytes + len(line))
    argv = ["sh", "-c", SCRIPT, "sh", nonce, *(() if isinstance(job.work, Suite) else job.work)]
    with sandbox.open(job.limits) as box:
        box.put({**job.files, f".job-{nonce}": b""})
        outcome = box.run(argv, limits, job.environment)
        files = {} if box.spent or not job.fetch else _fetched(box, job, nonce)
    # A command that was ended may have been so before it began.
    if not outcome.stdout.startswith(line) and (outcome.stdout or outcome.ended is Ended.EXITED):
        raise ResultMixed(f"the output that came back is not that of job {job.id}", "the daemon mixes up its streams")
    return JobResult(job.id, outcome=replace(outcome, stdout=outcome.stdout.removeprefix(line)), files=files)


def _fetched(box: Box, job: Job, nonce: str) -> dict[str, bytes]:
    mark = f".job-{nonce}"
    found = box.get([*job.fetch, mark])
    if found and mark not in found:
        raise ResultMixed(f"the files that came back are not those of job {job.id}", "the command removed its mark")
    return {path: data for path, data in found.items() if path != mark}


class _Counted:
    """A sandbox that counts the boxes asked of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.name = sandbox.name
        self.python = sandbox.python
        self.boxes = 0

    def open(self, limits: Limits) -> Box:
        self.boxes += 1
        return self._sandbox.open(limits)

    def close(self) -> None:
        """The sandbox belongs to somebody else."""
