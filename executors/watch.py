"""Watches that look at a running command from outside and name the limit it passed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from repowright.executors.cgroup import ControlGroup
from repowright.executors.sandbox import Ended, Limits

Check = Callable[[], Ended | None]
PAGE = os.sysconf("SC_PAGE_SIZE")


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
        return Ended.DISK if state.f_bavail == 0 or state.f_ffree == 0 else None

    return check


def watch_folders(folders: Sequence[Path], limit_mb: int) -> Check:
    """Name the disk limit when the files below ``folders`` hold ``limit_mb`` or more."""

    def check() -> Ended | None:
        used = sum(_size(folder) for folder in folders)
        return Ended.DISK if used >= limit_mb << 20 else None

    return check


def watch_tree(root_pid: int, limits: Limits) -> Check:
    """Name memory or pids by summing resident memory and threads over a process and its descendants."""

    def check() -> Ended | None:
        resident, threads = _tree_usage(root_pid)
        if resident > limits.memory_mb << 20:
            return Ended.MEMORY
        return Ended.PIDS if threads > limits.pids else None

    return check


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder, onerror=None):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _tree_usage(root_pid: int) -> tuple[int, int]:
    children: dict[int, list[int]] = {}
    usage: dict[int, tuple[int, int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry))
        usage[int(entry)] = (int(fields[21]) * PAGE, int(fields[17]))
    return _sum_tree(root_pid, children, usage)


def _sum_tree(root: int, children: dict[int, list[int]], usage: dict[int, tuple[int, int]]) -> tuple[int, int]:
    resident = threads = 0
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        memory, count = usage.get(pid, (0, 0))
        resident, threads = resident + memory, threads + count
        waiting += children.get(pid, [])
    return resident, threads
