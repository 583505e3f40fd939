"""Runs many jobs over one sandbox, each in a box of its own, and journals every result as it comes.

Killed at any moment, a batch goes on where it stopped when it is started again with the same journal.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from repowright.executors.jobs import Job, JobResult, run_job
from repowright.executors.journal import Journal, JournalError, read_records
from repowright.executors.sandbox import Sandbox, SandboxError


@dataclass(frozen=True)
class BatchSummary:
    """How a batch went; the results are in its journal."""

    ran: int = 0
    kept: int = 0
    """Jobs whose result an earlier run had journalled."""
    failed: int = 0
    """Jobs that no box could run, such as one with a path outside the workspace."""
    lost: int = 0
    """Jobs whose boxes were lost each time; they run again when the batch does."""
    lost_boxes: int = 0
    """Boxes that went away under a job, those of jobs that ended well in another one included."""


def run_batch(
    sandbox: Sandbox,
    jobs: Iterable[Job],
    journal: Path,
    *,
    workers: int,
    on_result: Callable[[JobResult], None] = lambda result: None,
) -> BatchSummary:
    """Run ``jobs`` in their order, ``workers`` at a time, leaving out those that ``journal`` has a result of.

    Jobs are taken from the iterable one by one and results are not kept in memory.

    Parameters
    ----------
    on_result
        Called with each new result once the journal has it, by one thread at a time.

    Raises
    ------
    JournalFull
        If a result finds no room; earlier ones are kept, and jobs that still run end first.
    SandboxUnavailable
        If boxes cannot be had any more.
    SandboxError
        If two jobs have one name, or the journal cannot be used.
    """
    with Journal(journal) as opened:
        batch = _Batch(sandbox, iter(jobs), opened, _finished(journal), on_result)
        with ThreadPoolExecutor(workers, thread_name_prefix="job") as pool:
            running = [pool.submit(batch.work) for _ in range(workers)]
            try:
                for each in running:
                    each.result()
            finally:
                batch.stop()
        return batch.summary


def read_results(journal: Path) -> Iterator[JobResult]:
    """Return the results a journal holds, oldest first; a job that ran again has several, the last one counts.

    Raises
    ------
    JournalError
        If the file holds something else.
    """
    for number, line in enumerate(read_records(journal), start=1):
        try:
            yield _adapter().validate_json(line)
        except ValidationError as err:
            raise JournalError(f"line {number} of {journal} is no result of a job", "use another journal") from err


class _Batch:
    """What the workers of one batch share."""

    def __init__(
        self,
        sandbox: Sandbox,
        jobs: Iterator[Job],
        journal: Journal,
        finished: dict[str, str],
        on_result: Callable[[JobResult], None],
    ) -> None:
        self._sandbox = sandbox
        self._jobs = jobs
        self._journal = journal
        self._finished = finished
        self._on_result = on_result
        self._seen: set[str] = set()
        self._taking = threading.Lock()
        self._writing = threading.Lock()
        self._stopped = False
        self.summary = BatchSummary()

    def stop(self) -> None:
        """Take no further job."""
        self._stopped = True

    def work(self) -> None:
        """Run jobs until none is left or a worker failed."""
        try:
            while (taken := self._next()) is not None:
                job, key = taken
                self._report(run_job(self._sandbox, job, key))
        except BaseException:
            self.stop()
            raise

    def _next(self) -> tuple[Job, str] | None:
        with self._taking:
            while not self._stopped:
                job = next(self._jobs, None)
                if job is None:
                    return None
                if job.id in self._seen:
                    raise SandboxError(f"two jobs are named {job.id!r}", "give each job of a batch its own name")
                self._seen.add(job.id)
                key = key_of(job)
                if self._finished.get(job.id) != key:
                    return job, key
                self._count(kept=1)
        return None

    def _report(self, result: JobResult) -> None:
        with self._writing:
            self._journal.append(_adapter().dump_json(result))
            self._on_result(result)
        self._count(
            ran=1,
            lost_boxes=result.lost_boxes,
            lost=int(result.lost),
            failed=int(bool(result.error) and not result.lost),
        )

    def _count(self, **more: int) -> None:
        with self._writing:
            counts = asdict(self.summary)
            self.summary = replace(self.summary, **{name: counts[name] + count for name, count in more.items()})


def key_of(job: Job) -> str:
    """Return the digest of everything a job is made of: a result counts for the very same job only."""
    digest = hashlib.sha256()
    for path in sorted(job.files):
        digest.update(f"{path}\0{len(job.files[path])}\0".encode())
        digest.update(job.files[path])
    facts = {name: value for name, value in asdict(replace(job, files={})).items() if name != "files"}
    digest.update(json.dumps([type(job.work).__name__, facts], sort_keys=True).encode())
    return digest.hexdigest()


def _finished(journal: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for result in read_results(journal):
        if result.lost:
            found.pop(result.id, None)
        else:
            found[result.id] = result.key
    return found


@cache
def _adapter() -> TypeAdapter[JobResult]:
    return TypeAdapter(JobResult)
