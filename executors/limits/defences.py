"""The defences of a box by name, so that a test can switch off one and see its attack get through.

No configuration reaches these switches: a sandbox takes them as ``without=`` from code alone.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from repowright.executors.sandbox import Limits


class Defence(StrEnum):
    """One thing that stands between a command and the machine."""

    NETWORK = "no network"
    USER = "a user that owns nothing"
    KEEPER = "a first process that the command cannot signal"
    CAPABILITIES = "no capability"
    NO_NEW_PRIVILEGES = "no new privileges"
    READ_ONLY_ROOT = "a read-only root"
    PROTECTED_PROC = "kernel settings read-only"
    DISK = "a bound on bytes written"
    INODES = "a bound on files made"
    MEMORY = "a bound on memory and swap"
    PIDS = "a bound on processes"
    CPU = "a bound on processor time"
    OUTPUT = "a bound on output"
    WALL = "a bound on wall time"
    SECCOMP = "a filter of system calls"
    USER_NAMESPACES = "no new user namespace"
    HOST_ENVIRONMENT = "nothing of the host's environment"
    HOST_FILES = "no file of the host but the workspace"
    DOCKER_SOCKET = "no Docker socket"
    PID_NAMESPACE = "processes of its own"
    IPC_NAMESPACE = "shared memory of its own"
    UTS_NAMESPACE = "a host name of its own"
    SESSION = "a terminal session of its own"
    REMOVAL = "a box removed with all that runs in it"
    DEAD_MAN = "a dead man's switch"


Without = frozenset[Defence]
"""The defences that are switched off."""
ALL_ON: Without = frozenset()
UNBOUNDED = 1 << 30


def relaxed(limits: Limits, without: Without) -> Limits:
    """Return ``limits`` with the bounds that are switched off out of reach."""
    if Defence.WALL in without:
        limits = replace(limits, wall_s=UNBOUNDED)
    if Defence.CPU in without:
        limits = replace(limits, cpu_s=UNBOUNDED)
    if Defence.OUTPUT in without:
        limits = replace(limits, output_bytes=UNBOUNDED)
    if Defence.MEMORY in without:
        limits = replace(limits, memory_mb=UNBOUNDED >> 10)
    if Defence.PIDS in without:
        limits = replace(limits, pids=UNBOUNDED >> 10)
    if Defence.DISK in without:
        limits = replace(limits, disk_mb=UNBOUNDED >> 10)
    return limits
