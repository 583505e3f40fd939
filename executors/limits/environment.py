"""The environment every command in a box starts with, and what its exit code says of its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from repowright.executors.limits.defences import ALL_ON, Defence, Without
from repowright.executors.sandbox import Ended

BASE_ENVIRONMENT: Mapping[str, str] = {
    "HOME": "/tmp",
    "LC_ALL": "C.UTF-8",
    "PATH": "/opt/venv/bin:/opt/toolchain/bin:/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/tmp",
    "TZ": "UTC",
}
KILLED_CODE = 128 + signal.SIGKILL


def full_environment(extra: Mapping[str, str] | None, without: Without = ALL_ON) -> dict[str, str]:
    """Join what the caller wants with the base; nothing comes from the host."""
    host = dict(os.environ) if Defence.HOST_ENVIRONMENT in without else {}
    return dict(sorted({**host, **BASE_ENVIRONMENT, **(extra or {})}.items()))


def ended_by(exit_code: int) -> Ended:
    """Name the resource limit whose signal ended a command, ``killed`` for an unexplained SIGKILL."""
    signals = {signal.SIGXCPU: Ended.TIME, signal.SIGXFSZ: Ended.DISK, signal.SIGKILL: Ended.KILLED}
    return {128 + number: ended for number, ended in signals.items()}.get(exit_code, Ended.EXITED)
