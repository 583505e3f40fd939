"""Control groups, version 1 and 2: bounds on a box, and counters that say which bound was met."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from repowright.executors.sandbox import Limits

ROOT = Path("/sys/fs/cgroup")
PARENT = "repowright"
SPARE_PIDS = 4
"""Processes of the sandbox itself inside the group."""


@dataclass(frozen=True)
class Usage:
    """Counters of one control group since it was made."""

    oom_kills: int = 0
    refused_forks: int = 0
    cpu_s: float = 0.0


@dataclass(frozen=True)
class ControlGroup:
    """One group: a folder per controller (version 1) or the same folder three times (version 2)."""

    memory: Path
    pids: Path
    cpu: Path
    unified: bool

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(sorted({self.memory, self.pids, self.cpu}))

    def add(self, pid: int) -> None:
        """Move a process into the group."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def usage(self) -> Usage:
        """Read the counters; zero for those of a group that is gone."""
        events = "memory.events" if self.unified else "memory.oom_control"
        return Usage(_field(self.memory / events, "oom_kill"), _field(self.pids / "pids.events", "max"), self._cpu_s())

    def _cpu_s(self) -> float:
        if self.unified:
            return _field(self.cpu / "cpu.stat", "usage_usec") / 1e6
        return float(_read(self.cpu / "cpuacct.usage") or 0) / 1e9

    def count_of_user(self, uid: int) -> int:
        """Count the processes of a user in the group."""
        pids = {pid for folder in self.folders for pid in _read(folder / "cgroup.procs").split()}
        return sum(1 for pid in pids if f"\nUid:\t{uid}\t" in _read(Path(f"/proc/{pid}/status")))

    def kill(self) -> None:
        """Kill every process of the group, those born meanwhile too."""
        for _ in range(50):
            pids = {int(pid) for folder in self.folders for pid in _read(folder / "cgroup.procs").split()}
            if not pids:
                return
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def remove(self) -> None:
        """Kill what is left and remove the group."""
        self.kill()
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)


def create(name: str, limits: Limits) -> ControlGroup | None:
    """Make a group bounded by ``limits``, or None where this process may not.

    Files on a tmpfs count as memory, so the memory bound is ``memory_mb`` and ``disk_mb`` together.
    """
    group = _place(f"{PARENT}/{name}")
    try:
        group.remove()
        if group.unified:
            _delegate(group.memory.parent)
        for folder in group.folders:
            folder.mkdir(parents=True)
        _bound(group, (limits.memory_mb + limits.disk_mb) << 20, limits.pids + SPARE_PIDS)
    except OSError:
        group.remove()
        return None
    return group


def groups_named(start: str) -> dict[str, ControlGroup]:
    """Find the groups made here whose name begins with ``start``."""
    homes = {_place(PARENT).memory, _place(PARENT).pids, _place(PARENT).cpu}
    names = {path.name for home in homes if home.is_dir() for path in home.iterdir() if path.is_dir()}
    return {name: _place(f"{PARENT}/{name}") for name in sorted(names) if name.startswith(start)}


def of_process(pid: int, expected: str) -> ControlGroup | None:
    """Find the group of a process of this machine, in whose path ``expected`` stands; None if unreadable."""
    paths: dict[str, str] = {}
    for line in _read(Path(f"/proc/{pid}/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if expected in path:
            paths.update(dict.fromkeys(controllers.split(","), path.lstrip("/")))
    unified = (ROOT / "cgroup.controllers").exists()
    names = ("", "", "") if unified else ("memory", "pids", "cpuacct")
    if any(name not in paths for name in names):
        return None
    memory, pids, cpu = (ROOT / name / paths[name] for name in names)
    group = ControlGroup(memory, pids, cpu, unified)
    return group if all(folder.is_dir() for folder in group.folders) else None


def _place(name: str) -> ControlGroup:
    if (ROOT / "cgroup.controllers").exists():
        return ControlGroup(ROOT / name, ROOT / name, ROOT / name, unified=True)
    return ControlGroup(ROOT / "memory" / name, ROOT / "pids" / name, ROOT / "cpuacct" / name, unified=False)


def _delegate(parent: Path) -> None:
    parent.mkdir(exist_ok=True)
    for folder in (parent.parent, parent):
        (folder / "cgroup.subtree_control").write_text("+memory +pids +cpu", encoding="ascii")


def _bound(group: ControlGroup, memory_bytes: int, pids: int) -> None:
    if group.unified:
        _write(group.memory / "memory.max", memory_bytes)
        _write_if_there(group.memory / "memory.swap.max", 0)
    else:
        _write(group.memory / "memory.limit_in_bytes", memory_bytes)
        _write_if_there(group.memory / "memory.memsw.limit_in_bytes", memory_bytes)
    _write(group.pids / "pids.max", pids)


def _write(path: Path, value: int) -> None:
    path.write_text(str(value), encoding="ascii")


def _write_if_there(path: Path, value: int) -> None:
    if path.exists():
        _write(path, value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def _field(path: Path, key: str) -> int:
    for line in _read(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0
