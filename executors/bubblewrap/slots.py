"""Numbered places where boxes live on this machine, each held by at most one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from repowright.executors.limits import cgroup
from repowright.executors.ownership import LIFE_S, this_owner
from repowright.executors.sandbox import Limits, SandboxError, SandboxUnavailable

SLOTS = 256
FIRST_UID = 64000
INODES = 20_000
COMMAND_TIMEOUT_S = 30.0
MOUNT_SOURCE = "repowright"
ROOM_HINT = "free disk space, or set REPOWRIGHT_CACHE to a folder with more room"


@dataclass(frozen=True)
class Slot:
    """A held slot. ``uid`` is a user id of its own when this process is root, else None."""

    number: int
    folder: Path
    uid: int | None
    bounded: bool
    """The folder is a file system of its own, no larger than the disk limit."""
    _lock: TextIOWrapper

    @property
    def name(self) -> str:
        """A name no other slot of this machine has, and that says whose it is."""
        return f"{_place_of(self.folder)}-{this_owner().tag}"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    def release(self) -> None:
        """Remove everything in the slot and let it go."""
        if not self._lock.closed:
            clear(self.folder)
            self._lock.close()


def take_slot(cache: Path, limits: Limits, *, mount: bool = True, inodes: int = INODES) -> Slot:
    """Hold a free slot with an empty workspace; what a killed process left in it is removed first.

    Parameters
    ----------
    mount
        Put the slot on a file system of its own, where this process may.

    Raises
    ------
    SandboxUnavailable
        If every slot is held, or the cache has no room for one.
    """
    boxes = cache / "boxes"
    try:
        boxes.mkdir(mode=0o755, exist_ok=True)
        for number in range(SLOTS):
            lock = _hold(boxes / f"{number}.lock")
            if lock is not None:
                return _prepare(number, boxes / str(number), limits, lock, inodes if mount else None)
    except OSError as err:
        raise SandboxUnavailable(f"cannot make a sandbox slot in {boxes}: {err.strerror}", ROOM_HINT) from err
    raise SandboxUnavailable(f"all {SLOTS} sandbox slots of {boxes} are in use", "run fewer at a time")


@dataclass(frozen=True)
class Cleared:
    """What was found in a slot that nobody holds, and removed."""

    processes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def clear_stale(boxes: Path, now_s: float, *, only_look: bool = False) -> Iterator[Cleared]:
    """Empty each slot of ``boxes`` that no process holds; in one held past its deadline kill what runs."""
    numbers = sorted({path.name.partition(".")[0] for path in boxes.glob("*") if path.name[0].isdigit()})
    for number in numbers:
        folder, path = boxes / number, boxes / f"{number}.lock"
        lock = _hold(path, note=False)
        if lock is not None:
            with lock:
                yield _clear_slot(folder, only_look=only_look)
        elif _deadline(path) < now_s:
            yield Cleared(_kill(folder, only_look=only_look))


def mounted_boxes() -> list[Path]:
    """Folders of slots, of any cache, in which a slot's file system is mounted."""
    lines = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    found: set[Path] = set()
    for line in lines:
        where, _, what = line.partition(" - ")
        if what.split()[:2] == ["tmpfs", MOUNT_SOURCE]:
            found.add(Path(where.split()[4].encode().decode("unicode_escape")).parent)
    return sorted(path for path in found if path.name == "boxes")


def _hold(path: Path, *, note: bool = True) -> TextIOWrapper | None:
    """Lock a slot and note until when, or None while another process has it."""
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if note:
            lock.truncate(0)
            lock.write(json.dumps({"owner": this_owner().label, "deadline": int(time.time() + LIFE_S)}))
            lock.flush()
    except BlockingIOError:
        lock.close()
        return None
    except OSError:
        lock.close()
        raise
    return lock


def _deadline(path: Path) -> float:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["deadline"])
    except (OSError, ValueError, KeyError, TypeError):
        return float("inf")


def _prepare(number: int, folder: Path, limits: Limits, lock: TextIOWrapper, inodes: int | None) -> Slot:
    try:
        _clear_slot(folder)
        uid = FIRST_UID + number if os.geteuid() == 0 else None
        folder.mkdir(mode=0o700)
        bounded = inodes is not None and uid is not None and _mount(folder, limits.disk_mb, inodes, uid)
        if uid is not None:
            os.chown(folder, uid, uid)
        for name in ("workspace", "tmp"):
            (folder / name).mkdir(mode=0o755)
            if uid is not None:
                os.chown(folder / name, uid, uid)
    except BaseException:
        with contextlib.suppress(SandboxError):
            clear(folder)
        lock.close()
        raise
    return Slot(number, folder, uid, bounded, lock)


def _place_of(folder: Path) -> str:
    return f"{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}-{folder.name}"


def _clear_slot(folder: Path, *, only_look: bool = False) -> Cleared:
    groups = cgroup.groups_named(f"{_place_of(folder)}-")
    exists = folder.exists()
    if not exists and not groups:
        return Cleared()
    processes = _kill(folder, only_look=only_look)
    mounts = (str(folder),) if exists and os.path.ismount(folder) else ()
    if not only_look:
        for group in groups.values():
            group.remove()
        clear(folder)
    return Cleared(processes, tuple(groups), mounts, (str(folder),) if exists else ())


def _kill(folder: Path, *, only_look: bool) -> tuple[str, ...]:
    """Kill each bubblewrap that shows a box the slot's workspace; all that runs in the box dies with it."""
    workspace = os.fsencode(folder / "workspace")
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if workspace in arguments and os.path.basename(arguments[0]) == b"bwrap":
            found.append(entry.parent.name)
            if not only_look:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(int(entry.parent.name), signal.SIGKILL)
    return tuple(found)


def _mount(folder: Path, disk_mb: int, inodes: int, uid: int) -> bool:
    options = f"size={disk_mb}m,nr_inodes={inodes},mode=0700,uid={uid},gid={uid},nosuid,nodev"
    return _call(["mount", "-t", "tmpfs", "-o", options, MOUNT_SOURCE, str(folder)])


def clear(folder: Path) -> None:
    """Unmount and remove a slot's folder, whatever a box made in it."""
    if not folder.exists():
        return
    if os.path.ismount(folder) and not _call(["umount", str(folder)]):
        _call(["umount", "-l", str(folder)])
    if not _call(["rm", "-rf", "--", str(folder)]):
        _call(["chmod", "-R", "u+rwx", str(folder)])
        _call(["rm", "-rf", "--", str(folder)])
    if folder.exists():
        raise SandboxError(f"cannot remove the sandbox folder {folder}", "remove it by hand")


def _call(argv: list[str]) -> bool:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=COMMAND_TIMEOUT_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
