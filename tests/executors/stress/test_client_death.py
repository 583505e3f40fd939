from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from leftovers import bubblewrap_leftovers, docker_leftovers, none_left, processes_of_containers
from second_daemon import IMAGE, second_daemon

from repowright.executors import BubblewrapSandbox, DockerSandbox, Ended, Limits, Sandbox
from repowright.executors.batch import read_results, run_batch
from repowright.executors.jobs import Job
from repowright.executors.ownership import Owner, label_is_gone, owner_of_label
from repowright.executors.reaping import reap

pytestmark = pytest.mark.slow
LIMITS = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)
COUNT, WORKERS = 24, 8
CHILD = """
import os, sys
from pathlib import Path
from repowright.executors import BubblewrapSandbox, DockerSandbox, Limits
from repowright.executors.batch import run_batch
from repowright.executors.jobs import Job
from repowright.executors.ownership import this_owner

kind, cache, journal, count, workers = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:6])
print(this_owner().label, flush=True)
sandbox = DockerSandbox(kind) if kind != "bubblewrap" else BubblewrapSandbox(cache)
limits = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)
command = ("sh", "-c", "cat in; sleep 0.7")
jobs = (Job(f"job-{n}", {"in": str(n).encode()}, command, limits) for n in range(count))
run_batch(sandbox, jobs, journal, workers=workers, on_result=lambda result: os.write(1, f"{result.id}\\n".encode()))
"""


def start_client(kind: str, cache: Path, journal: Path) -> tuple[subprocess.Popen[str], Owner]:
    argv = [sys.executable, "-c", CHILD, kind, str(cache), str(journal), str(COUNT), str(WORKERS)]
    client = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    return client, owner_of_label(client.stdout.readline().strip())


def kill_after(client: subprocess.Popen[str], results: int) -> set[str]:
    """Kill a client once it reported so many results; return all that it reported."""
    assert client.stdout is not None
    reported = {client.stdout.readline().strip() for _ in range(results)}
    time.sleep(0.3)
    os.kill(client.pid, signal.SIGKILL)
    reported |= set(client.stdout.read().split())
    assert client.wait(10) == -signal.SIGKILL
    client.stdout.close()
    return reported


def finish(sandbox: Sandbox, journal: Path, reported: set[str]) -> None:
    kept = {result.id for result in read_results(journal)}
    assert reported <= kept
    jobs = [Job(f"job-{n}", {"in": str(n).encode()}, ("sh", "-c", "cat in; sleep 0.7"), LIMITS) for n in range(COUNT)]
    summary = run_batch(sandbox, jobs, journal, workers=WORKERS)
    assert (summary.kept, summary.ran) == (len(kept), COUNT - len(kept))
    results = list(read_results(journal))
    assert sorted(result.id for result in results) == sorted(job.id for job in jobs)
    for result in results:
        assert result.outcome is not None
        assert (result.outcome.ended, result.outcome.stdout) == (Ended.EXITED, result.id.removeprefix("job-"))


@pytest.mark.docker
def test_a_client_killed_under_load_leaves_no_container_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A daemon of its own: other sandboxes of the machine reap what they find in theirs.
    with second_daemon() as daemon:
        monkeypatch.setenv("DOCKER_HOST", daemon.address)
        client, owner = start_client(IMAGE, tmp_path, tmp_path / "journal")
        reported = kill_after(client, 4)
        left = docker_leftovers(owner)
        assert len(left) >= WORKERS / 2
        assert label_is_gone(owner.label)
        # One that was being removed when its client was killed may be gone by now.
        found = set(reap(only_look=True).containers)
        assert len(found & {each.removeprefix("container ") for each in left}) >= WORKERS / 2
        containers = daemon.containers()
        assert processes_of_containers(containers)
        DockerSandbox(IMAGE, ahead=False).close()
        assert daemon.containers() == []
        assert none_left(lambda: processes_of_containers(containers))
        sandbox = DockerSandbox(IMAGE)
        finish(sandbox, tmp_path / "journal", reported)
        sandbox.close()
        assert daemon.containers() == []


@pytest.mark.bubblewrap
def test_a_client_killed_under_load_leaves_no_bubblewrap_box_after_the_next_start(cache: Path, tmp_path: Path) -> None:
    BubblewrapSandbox(cache).close()
    client, owner = start_client("bubblewrap", cache, tmp_path / "journal")
    reported = kill_after(client, 4)
    assert [each for each in bubblewrap_leftovers(cache, owner) if each.startswith("folder")]
    sandbox = BubblewrapSandbox(cache)
    assert bubblewrap_leftovers(cache, owner) == []
    finish(sandbox, tmp_path / "journal", reported)
    sandbox.close()
    assert bubblewrap_leftovers(cache, owner) == []
