from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from second_daemon import IMAGE, second_daemon

from repowright.executors import BubblewrapSandbox, DockerSandbox, Limits, SandboxUnavailable
from repowright.executors.batch import read_results, run_batch
from repowright.executors.bubblewrap.slots import take_slot
from repowright.executors.jobs import Job
from repowright.executors.journal import Journal, JournalFull

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system to fill")
LIMITS = Limits(wall_s=60, memory_mb=64, pids=32, disk_mb=8)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KB and 16 files."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = "size=512k,nr_inodes=16,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m,nr_inodes=200", str(folder)], check=True)


def jobs(count: int) -> Iterator[Job]:
    for number in range(count):
        command = ("sh", "-c", f"head -c 40000 /dev/zero | tr '\\0' {number % 10}")
        yield Job(f"job-{number}", {}, command, LIMITS)


@pytest.mark.bubblewrap
def test_a_journal_without_room_stops_the_batch_and_keeps_every_earlier_result(small: Path, cache: Path) -> None:
    journal = small / "journal"
    sandbox = BubblewrapSandbox(cache)
    reported: list[str] = []
    with pytest.raises(JournalFull, match=r"No space left on device \(free disk space and start again"):
        run_batch(sandbox, jobs(40), journal, workers=4, on_result=lambda result: reported.append(result.id))
    assert 5 <= len(reported) < 40
    assert [result.id for result in read_results(journal)] == reported
    enlarge(small)
    summary = run_batch(sandbox, jobs(40), journal, workers=4)
    sandbox.close()
    assert (summary.kept, summary.ran) == (len(reported), 40 - len(reported))
    results = {result.id: result.outcome for result in read_results(journal)}
    assert len(results) == 40
    for name, outcome in results.items():
        assert outcome is not None
        assert outcome.stdout == name[-1] * 40000


def test_a_record_that_found_no_room_leaves_nothing_behind_and_a_smaller_one_still_fits(small: Path) -> None:
    with Journal(small / "journal") as journal:
        journal.append(b"first")
        with pytest.raises(JournalFull):
            journal.append(b"x" * 1_000_000)
        journal.append(b"second")
    assert (small / "journal").read_bytes() == b"first\nsecond\n"


def test_a_cache_without_room_is_told_in_one_line_and_nothing_stays_mounted(small: Path) -> None:
    for number in range(14):
        (small / f"file-{number}").touch()
    with pytest.raises(SandboxUnavailable) as caught:
        take_slot(small, LIMITS)
    assert "No space left on device" in caught.value.message
    assert "free disk space" in caught.value.hint
    for path in small.glob("file-*"):
        path.unlink()
    take_slot(small, LIMITS).release()
    assert sorted(path.name for path in (small / "boxes").iterdir()) == ["0.lock"]


@pytest.mark.docker
def test_a_docker_without_room_is_told_with_what_helps_and_works_again_once_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with second_daemon(data_mb=80) as daemon:
        monkeypatch.setenv("DOCKER_HOST", daemon.address)
        sandbox = DockerSandbox(IMAGE, ahead=False)
        with sandbox.open(LIMITS) as box:
            fill(daemon.data / "filler")
            # A box keeps its files in memory: what it reports does not need the daemon's disk.
            assert box.run(["cat", "/etc/passwd"], LIMITS).exit_code == 0
        with pytest.raises(SandboxUnavailable) as caught:
            sandbox.open(LIMITS)
        assert "no space left on device" in caught.value.message.lower()
        assert "docker system df" in caught.value.hint
        (daemon.data / "filler").unlink()
        with sandbox.open(LIMITS) as again:
            assert again.run(["true"], LIMITS).exit_code == 0
        sandbox.close()
        assert daemon.containers() == []


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


@pytest.mark.bubblewrap
def test_a_runtime_that_finds_no_room_leaves_no_half_made_one(small: Path) -> None:
    with pytest.raises(SandboxUnavailable):
        BubblewrapSandbox(small)
    assert [path for path in small.rglob("*") if ".making-" in path.name] == []
