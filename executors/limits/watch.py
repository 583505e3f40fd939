"""Watches that look at a running command from outside and name the limit it passed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.executors.limits.cgroup import ControlGroup
from repowright.executors.sandbox import Ended, Limits

Check = Callable[[], Ended | None]
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def first_of(checks: Sequence[Check]) -> Check:
    """Join checks; the first that names a limit is heard."""

    def check() -> Ended | None:
        return next((ended for ended in (each() for each in checks) if ended is not None), None)

    return check


def watch_group(group: ControlGroup, limits: Limits) -> Check:
    """Name memory, pids or time by the counters that moved since now."""
    start = group.usage()

    def check() -> Ended | None:
        now = group.usage()
        if now.oom_kills > start.oom_kills:
            return Ended.MEMORY
        if now.refused_forks > start.refused_forks:
            return Ended.PIDS
        if now.cpu_s - start.cpu_s > limits.cpu_s:
            return Ended.TIME
        return None

    return check


def watch_filesystem(folder: Path) -> Check:
    """Name the disk limit when the bounded file system that holds ``folder`` is full."""

    def check() -> Ended | None:
        try:
            state = os.statvfs(folder)
        except OSError:
            return None
        return Ended.DISK if state.f_bavail == 0 or (state.f_files > 0 and state.f_ffree == 0) else None

    return check


def watch_folders(folders: Sequence[Path], limit_mb: int, root_pid: int, most_files: int | None = None) -> Check:
    """Name the disk limit when files hold ``limit_mb`` or more, or are ``most_files``.

    Counted are those below ``folders`` and those removed ones that ``root_pid`` and its descendants
    hold open. A tree too deep to be looked at counts as full.
    """

    def check() -> Ended | None:
        try:
            files, used = _size(folders)
        except _TooDeep:
            return Ended.DISK
        if most_files is not None and files >= most_files:
            return Ended.DISK
        return Ended.DISK if used + _removed_size(root_pid) >= limit_mb << 20 else None

    return check


def watch_tree(root_pid: int, limits: Limits) -> Check:
    """Name pids, time or memory by summing over a process and its descendants, those waited for too."""

    def check() -> Ended | None:
        family = list(_descendants(root_pid))
        if sum(process.threads for process in family) >= limits.pids:
            return Ended.PIDS
        if sum(process.cpu_s for process in family) > limits.cpu_s:
            return Ended.TIME
        bound = limits.memory_mb << 20
        if sum(process.resident_bytes for process in family) <= bound:
            return None
        return Ended.MEMORY if sum(_share_bytes(process) for process in family) > bound else None

    return check


class _TooDeep(Exception):
    pass


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    threads: int
    resident_bytes: int
    cpu_s: float
    """Its own processor time and that of the children it waited for."""


def _size(folders: Sequence[Path]) -> tuple[int, int]:
    """Count files and folders, and the bytes they hold."""
    count = total = 0
    waiting = [os.fspath(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as err:
            if err.errno == errno.ENAMETOOLONG:
                raise _TooDeep from err
    return count, total


def _removed_size(root_pid: int) -> int:
    sizes: dict[tuple[int, int], int] = {}
    for process in _descendants(root_pid):
        folder = f"/proc/{process.pid}/fd"
        try:
            states = [os.stat(f"{folder}/{name}") for name in os.listdir(folder)]
        except OSError:
            continue
        for state in states:
            if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                sizes[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(sizes.values())


def _descendants(root_pid: int) -> Iterator[_Process]:
    """A process and all that came from it, as far as /proc shows."""
    children: dict[int, list[_Process]] = {}
    root: list[_Process] = []
    for process in _all_processes():
        children.setdefault(process.parent, []).append(process)
        if process.pid == root_pid:
            root.append(process)
    while root:
        process = root.pop()
        yield process
        root += children.get(process.pid, [])


def _share_bytes(process: _Process) -> int:
    """Memory with each page that is shared counted in parts, where that may be read: forks share most of theirs."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return process.resident_bytes


def _all_processes() -> Iterator[_Process]:
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    for name in names:
        if not name.isdigit():
            continue
        try:
            fields = Path(f"/proc/{name}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        cpu_s = sum(map(int, fields[11:15])) / TICKS
        yield _Process(int(name), int(fields[1]), int(fields[17]), int(fields[21]) * PAGE, cpu_s)
