"""What keeps a container in: the settings it is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SPARE_PIDS = 8
"""Processes of the sandbox itself: init, the dead man's switch, an exec being started."""
INODES = 20_000


@dataclass(frozen=True)
class Bounds:
    """What one container may hold at most."""

    memory_mb: int
    pids: int
    disk_mb: int


def host_config(bounds: Bounds) -> Mapping[str, object]:
    """Return the daemon's settings of a hardened container.

    Files on a tmpfs count as memory: the bound leaves room, else a full disk blocks the container.
    """
    memory_mb = max(bounds.memory_mb + bounds.disk_mb, 2 * bounds.disk_mb + 64)
    folder = f"rw,exec,nosuid,nodev,size={bounds.disk_mb}m,nr_inodes={INODES},mode=0700,uid=65534,gid=65534"
    return {
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/workspace": folder, "/tmp": folder},
        "mem_limit": f"{memory_mb}m",
        "memswap_limit": f"{memory_mb}m",
        "pids_limit": bounds.pids + SPARE_PIDS,
        "init": True,
        "auto_remove": True,
        "shm_size": "64m",
        "log_config": {"Type": "none"},
        "ipc_mode": "private",
    }
