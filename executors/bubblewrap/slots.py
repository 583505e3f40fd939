"""Numbered places where boxes live on this machine, each held by at most one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from repowright.executors.sandbox import Limits, SandboxError, SandboxUnavailable

SLOTS = 256
FIRST_UID = 64000
INODES = 20_000
COMMAND_TIMEOUT_S = 30.0


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
        """A name no other slot of this machine has."""
        return f"{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}-{self.number}"

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


def take_slot(cache: Path, limits: Limits, *, mount: bool = True) -> Slot:
    """Hold a free slot with an empty workspace; what a killed process left in it is removed first.

    Parameters
    ----------
    mount
        Put the slot on a file system of its own, where this process may.

    Raises
    ------
    SandboxUnavailable
        If every slot is held.
    """
    boxes = cache / "boxes"
    boxes.mkdir(mode=0o755, exist_ok=True)
    for number in range(SLOTS):
        lock = (boxes / f"{number}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return _prepare(number, boxes / str(number), limits, lock, mount)
    raise SandboxUnavailable(f"all {SLOTS} sandbox slots of {boxes} are in use", "run fewer at a time")


def _prepare(number: int, folder: Path, limits: Limits, lock: TextIOWrapper, mount: bool) -> Slot:
    uid = FIRST_UID + number if os.geteuid() == 0 else None
    clear(folder)
    folder.mkdir(mode=0o700)
    bounded = mount and uid is not None and _mount(folder, limits.disk_mb, uid)
    if uid is not None:
        os.chown(folder, uid, uid)
    for name in ("workspace", "tmp"):
        (folder / name).mkdir(mode=0o755)
        if uid is not None:
            os.chown(folder / name, uid, uid)
    return Slot(number, folder, uid, bounded, lock)


def _mount(folder: Path, disk_mb: int, uid: int) -> bool:
    options = f"size={disk_mb}m,nr_inodes={INODES},mode=0700,uid={uid},gid={uid},nosuid,nodev"
    return _call(["mount", "-t", "tmpfs", "-o", options, "repowright", str(folder)])


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
