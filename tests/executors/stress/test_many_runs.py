from __future__ import annotations

import gc
import hashlib
import os
import statistics
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from leftovers import bubblewrap_leftovers, descriptors, docker_leftovers, resident_kb

from repowright.executors import BubblewrapSandbox, DockerSandbox, Ended, Limits, Sandbox
from repowright.executors.batch import read_results, run_batch
from repowright.executors.jobs import Job, JobResult
from repowright.executors.ownership import this_owner
from repowright.executors.pool import PooledSandbox

pytestmark = pytest.mark.slow
WORKERS = 8
RUNS = "REPOWRIGHT_STRESS_RUNS"
"""How many runs each sandbox makes; else as many as a test suite has time for."""
LIMITS = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)
COMMAND = ("sh", "-c", "cat in; cat in >&2; cat in > out")
ROOM_KB = 6000
ROOM_DESCRIPTORS = 3


def content(number: int) -> bytes:
    return b"".join(hashlib.sha256(f"{number}/{part}".encode()).hexdigest().encode() + b"\n" for part in range(100))


def jobs(count: int) -> Iterator[Job]:
    for number in range(count):
        yield Job(f"job-{number}", {"in": content(number)}, COMMAND, LIMITS, fetch=("out",))


class Watch:
    """Descriptors and memory of this process at every result."""

    def __init__(self) -> None:
        self.memory: list[int] = []
        self.descriptors: list[int] = []

    def __call__(self, result: JobResult) -> None:
        gc.collect(0)
        self.memory.append(resident_kb())
        self.descriptors.append(descriptors())

    def growth(self, values: list[int]) -> float:
        """Median of the last quarter less that of the second; the first one warms up."""
        quarter = len(values) // 4
        return statistics.median(values[3 * quarter :]) - statistics.median(values[quarter : 2 * quarter])


def assert_zero_lost_or_mixed(journal: Path, count: int) -> None:
    seen: set[str] = set()
    nonces: set[str] = set()
    for result in read_results(journal):
        text = content(int(result.id.removeprefix("job-")))
        assert result.outcome is not None, result.error
        assert (result.outcome.ended, result.outcome.exit_code) == (Ended.EXITED, 0)
        assert result.outcome.stdout.encode() == result.outcome.stderr.encode() == text
        assert result.files == {"out": text}
        seen.add(result.id)
        nonces.add(result.nonce)
    assert len(seen) == len(nonces) == count


def stress(sandbox: Sandbox, journal: Path, count: int, leftovers: Callable[[], list[str]]) -> None:
    watch = Watch()
    before, threads = descriptors(), threading.active_count()
    summary = run_batch(sandbox, jobs(count), journal, workers=WORKERS, on_result=watch)
    sandbox.close()
    assert (summary.ran, summary.kept, summary.failed, summary.lost, summary.lost_boxes) == (count, 0, 0, 0, 0)
    assert_zero_lost_or_mixed(journal, count)
    assert leftovers() == []
    assert watch.growth(watch.memory) < ROOM_KB
    assert watch.growth(watch.descriptors) <= ROOM_DESCRIPTORS
    assert descriptors() <= before + ROOM_DESCRIPTORS
    assert threading.active_count() <= threads


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_many_runs_in_eight_workers_under_docker_lose_mix_and_leave_nothing(tmp_path: Path) -> None:
    count = int(os.environ.get(RUNS, "60"))
    stress(DockerSandbox(), tmp_path / "journal", count, lambda: docker_leftovers(this_owner()))


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_five_hundred_runs_in_eight_workers_in_warm_containers_lose_mix_and_leave_nothing(tmp_path: Path) -> None:
    sandbox = PooledSandbox(DockerSandbox(ahead=False), "stress")
    stress(sandbox, tmp_path / "journal", 500, lambda: docker_leftovers(this_owner()))


@pytest.mark.bubblewrap
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kernel_bounds", [True, False])
def test_many_runs_in_eight_workers_under_bubblewrap_lose_mix_and_leave_nothing(
    kernel_bounds: bool, cache: Path, tmp_path: Path
) -> None:
    count = int(os.environ.get(RUNS, "500" if kernel_bounds else "60"))
    sandbox = BubblewrapSandbox(cache, kernel_bounds=kernel_bounds)
    stress(sandbox, tmp_path / "journal", count, lambda: bubblewrap_leftovers(cache, this_owner()))
