"""One process at a time works on a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repowright.agent.errors import RunBusy

LOCK = "lock"


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Hold the run for the time of a ``with`` block; the kernel lets go of it should the process die.

    Raises
    ------
    RunBusy
        If another process, named by its id, holds it.
    """
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise RunBusy(
                f"process {holder} works on the run {folder.name}",
                f"wait for it, or end it with kill {holder}",
            ) from err
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def is_locked(folder: Path) -> bool:
    """Tell whether some process works on the run now."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
