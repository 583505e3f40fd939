"""Removes what killed processes left on this machine: of Docker's, of bubblewrap's and of the local sandbox's.

Every container, slot, control group, folder and process names its owner (place, pid, start) and most
a deadline, so that what is in use is told from what is not without asking anybody.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from repowright.executors.bubblewrap.slots import clear_stale, mounted_boxes
from repowright.executors.cache import cache_root
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.orphans import remove_orphans
from repowright.executors.ownership import tag_is_gone
from repowright.executors.sandbox import SandboxError, SandboxUnavailable

MARK = b"REPOWRIGHT_BOX="
"""Variable that a process of the local sandbox carries."""
MAKING = "*/.making-*"
TEMPORARY = ("repowright-local-*", "repowright-image-*", "repowright-layer-*")
UNMOUNT_S = 10.0
ANSWER_S = 5


@dataclass(frozen=True)
class Reaped:
    """What was found and removed, by kind; ``kept`` names what could not be looked at or removed, and why."""

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many things were removed."""
        return sum(len(getattr(self, field.name)) for field in fields(self)) - len(self.kept)


def reap(
    caches: Sequence[Path] | None = None,
    *,
    docker: bool = True,
    only_look: bool = False,
    clock: Callable[[], float] = time.time,
) -> Reaped:
    """Remove everything whose owner is gone or whose deadline passed; what lives is left alone.

    Parameters
    ----------
    caches
        Cache folders to look into; ``cache_root()`` and every one with a mounted slot when None.
    docker
        Ask the Docker daemon too, where one answers.
    only_look
        Remove nothing, only say what would be.
    """
    now_s = clock()
    found = [reap_files(caches, now_s, only_look=only_look), _local(only_look=only_look)]
    if docker:
        found.append(_docker(now_s, only_look=only_look))
    return _joined(found)


def reap_docker(daemon: Daemon, now_s: float, *, only_look: bool = False) -> Reaped:
    """Remove what killed processes left in one daemon."""
    orphans = remove_orphans(daemon, now_s, only_look=only_look)
    return Reaped(orphans.containers, orphans.volumes, orphans.networks, orphans.images, kept=orphans.kept)


def reap_files(caches: Sequence[Path] | None, now_s: float, *, only_look: bool = False) -> Reaped:
    """Empty slots that nobody holds and remove runtimes that nobody finishes any more."""
    found: list[Reaped] = []
    for boxes in _box_folders(caches):
        try:
            for cleared in clear_stale(boxes, now_s, only_look=only_look):
                found.append(
                    Reaped(
                        processes=cleared.processes, groups=cleared.groups,
                        mounts=cleared.mounts, folders=cleared.folders,
                    )
                )  # fmt: skip
        except (OSError, SandboxError) as err:
            found.append(Reaped(kept=(f"slots {boxes}: {err}",)))
        found.append(_folders(sorted(boxes.parent.glob(MAKING)), only_look=only_look))
    return _joined(found)


def _box_folders(caches: Sequence[Path] | None) -> list[Path]:
    if caches is not None:
        return [cache / "boxes" for cache in caches]
    mounted = mounted_boxes()
    with contextlib.suppress(SandboxUnavailable):
        mounted.append(cache_root() / "boxes")
    return sorted(set(mounted))


def _docker(now_s: float, *, only_look: bool) -> Reaped:
    try:
        daemon = Daemon(timeout_s=ANSWER_S)
    except SandboxUnavailable as err:
        # No daemon holds nothing; one that hangs may.
        absent = isinstance(err.__cause__, SandboxError) and isinstance(err.__cause__.__cause__, FileNotFoundError)
        return Reaped() if absent else Reaped(kept=(f"Docker's: {err}",))
    try:
        return reap_docker(daemon, now_s, only_look=only_look)
    except SandboxError as err:
        return Reaped(kept=(f"Docker's: {err}",))
    finally:
        daemon.close()


def _local(*, only_look: bool) -> Reaped:
    processes = [pid for pid in _numbers() if tag_is_gone(_mark_of(pid))]
    if not only_look:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    temporary = Path(tempfile.gettempdir())
    folders = _folders(sorted(path for name in TEMPORARY for path in temporary.glob(name)), only_look=only_look)
    return _joined([Reaped(processes=tuple(map(str, processes))), folders])


def _folders(candidates: Iterable[Path], *, only_look: bool) -> Reaped:
    """Folders whose name carries the tag of an owner that is gone."""
    gone = [path for path in candidates if tag_is_gone(path.name) and path.lstat().st_uid == os.geteuid()]
    problems = {path: "" if only_look else _removed(path) for path in gone}
    return Reaped(
        folders=tuple(str(path) for path, problem in problems.items() if not problem),
        kept=tuple(f"folder {path}: {problem}" for path, problem in problems.items() if problem),
    )


def _removed(folder: Path) -> str:
    """Remove a folder and return what prevents it; what is mounted in it is not its own and is unmounted first."""
    for place in reversed(_mounts_in(folder)):
        subprocess.run(["umount", place], capture_output=True, timeout=UNMOUNT_S, stdin=subprocess.DEVNULL)
    if left := _mounts_in(folder):
        return f"{left[0]} is mounted in it; unmount it by hand"
    try:
        shutil.rmtree(folder)
    except OSError as err:
        return str(err.strerror)
    return ""


def _mounts_in(folder: Path) -> list[str]:
    """Mount points at or below a folder, in the order they were mounted."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    places = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in lines]
    return [place for place in places if Path(place).is_relative_to(folder)]


def _numbers() -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except FileNotFoundError:
        return []


def _mark_of(pid: int) -> str:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((each.decode("utf-8", "replace") for each in variables if each.startswith(MARK)), "")


def _joined(found: Iterable[Reaped]) -> Reaped:
    parts = list(found)
    return Reaped(*(tuple(each for part in parts for each in getattr(part, field.name)) for field in fields(Reaped)))
