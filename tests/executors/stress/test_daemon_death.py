from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from leftovers import none_left, processes_of_containers
from second_daemon import IMAGE, SecondDaemon, second_daemon

from repowright.executors import DockerSandbox, Ended, Limits, SandboxLost, SandboxUnavailable
from repowright.executors.batch import read_results, run_batch
from repowright.executors.docker.client import Daemon
from repowright.executors.jobs import Job, JobResult

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LIMITS = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)
WORKERS = 8


CLIENT = """
import os, sys, threading
from repowright.executors import DockerSandbox, Limits

sandbox = DockerSandbox(sys.argv[1])
limits = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)

def work():
    box = sandbox.open(limits)
    os.write(1, b"open\\n")
    box.run(["sleep", "60"], limits)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.fixture(scope="module")
def running() -> Iterator[SecondDaemon]:
    with second_daemon() as daemon:
        yield daemon


@pytest.fixture
def daemon(running: SecondDaemon, monkeypatch: pytest.MonkeyPatch) -> SecondDaemon:
    monkeypatch.setenv("DOCKER_HOST", running.address)
    return running


def jobs(count: int, seconds: float) -> list[Job]:
    command = f"cat in; echo out > out; sleep {seconds}; cat in >> out"
    return [
        Job(f"job-{n}", {"in": f"{n}\n".encode()}, ("sh", "-c", command), LIMITS, fetch=("out",)) for n in range(count)
    ]


def assert_all_right(results: list[JobResult], count: int) -> None:
    assert sorted(result.id for result in results) == sorted(f"job-{n}" for n in range(count))
    for result in results:
        number = result.id.removeprefix("job-")
        assert result.outcome is not None, result.error
        assert (result.outcome.ended, result.outcome.exit_code) == (Ended.EXITED, 0)
        assert result.outcome.stdout == f"{number}\n"
        assert result.files == {"out": f"out\n{number}\n".encode()}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_daemon_killed_and_restarted_under_load_loses_and_mixes_no_result(
    how: signal.Signals, daemon: SecondDaemon, tmp_path: Path
) -> None:
    count, journal = 24, tmp_path / "journal.jsonl"
    enough = threading.Semaphore(0)
    sandbox = DockerSandbox(IMAGE)
    summaries = []
    batch = threading.Thread(
        target=lambda: summaries.append(
            run_batch(sandbox, jobs(count, 0.7), journal, workers=WORKERS, on_result=lambda _: enough.release())
        )
    )
    batch.start()
    for _ in range(5):
        assert enough.acquire(timeout=30)
    before = daemon.containers()
    assert len(before) >= WORKERS / 2
    daemon.kill(how)
    reported = {result.id for result in read_results(journal)}
    time.sleep(1)
    daemon.start()
    batch.join(120)
    assert not batch.is_alive()
    sandbox.close()
    results = list(read_results(journal))
    assert_all_right(results, count)
    assert reported <= {result.id for result in results}
    assert summaries[0].ran == count
    assert summaries[0].lost == summaries[0].failed == 0
    assert summaries[0].lost_boxes >= 1
    assert daemon.containers() == []
    assert none_left(lambda: processes_of_containers(before))


def test_a_daemon_that_stays_away_is_told_in_time_and_what_was_reported_stays(
    daemon: SecondDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repowright.executors.docker.client.BACK_S", 2.0)
    journal = tmp_path / "journal.jsonl"
    sandbox = DockerSandbox(IMAGE)
    killed = threading.Event()

    def kill_once(result: JobResult) -> None:
        if not killed.is_set():
            killed.set()
            daemon.kill()

    started = time.monotonic()
    try:
        with pytest.raises(SandboxUnavailable, match="daemon is not back after 2 s"):
            run_batch(sandbox, jobs(20, 0.3), journal, workers=4, on_result=kill_once)
        assert time.monotonic() - started < 30
        kept = [result.id for result in read_results(journal)]
        assert kept
    finally:
        daemon.start()
    summary = run_batch(sandbox, jobs(20, 0.3), journal, workers=4)
    assert (summary.kept, summary.ran) == (len(kept), 20 - len(kept))
    sandbox.close()
    assert_all_right(list(read_results(journal)), 20)
    assert daemon.containers() == []


def test_a_command_whose_daemon_dies_is_lost_and_not_failed(daemon: SecondDaemon) -> None:
    sandbox = DockerSandbox(IMAGE, ahead=False)
    box = sandbox.open(LIMITS)
    timer = threading.Timer(0.5, daemon.kill)
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(SandboxLost):
            box.run(["sleep", "30"], LIMITS)
        assert time.monotonic() - started < 10
    finally:
        timer.join()
        daemon.start()
    with sandbox.open(LIMITS) as again:
        assert again.run(["cat", "/etc/passwd"], LIMITS).exit_code == 0
    box.close()
    sandbox.close()
    assert daemon.containers() == []


def test_client_and_daemon_killed_together_leave_nothing_after_the_next_start(
    daemon: SecondDaemon, tmp_path: Path
) -> None:
    client = subprocess.Popen([sys.executable, "-c", CLIENT, IMAGE], stdout=subprocess.PIPE)
    assert client.stdout is not None
    for _ in range(4):
        assert client.stdout.readline() == b"open\n"
    before = daemon.containers()
    assert len(before) >= 4
    assert len(processes_of_containers(before)) >= 8
    client.kill()
    daemon.kill()
    client.wait()
    client.stdout.close()
    daemon.start()
    DockerSandbox(IMAGE, ahead=False).close()
    assert daemon.containers() == []
    assert none_left(lambda: processes_of_containers(before))


def test_a_daemon_that_hangs_is_given_up_in_seconds(daemon: SecondDaemon) -> None:
    daemon.signal(signal.SIGSTOP)
    started = time.monotonic()
    try:
        with pytest.raises(SandboxUnavailable, match="no Docker daemon answers"):
            Daemon(timeout_s=2)
        assert time.monotonic() - started < 8
    finally:
        daemon.signal(signal.SIGCONT)
    Daemon().close()
