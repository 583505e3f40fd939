"""What keeps a container in: the settings it is made with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.executors.limits.defences import ALL_ON, Defence, Without

SPARE_PIDS = 8
"""Processes of the sandbox itself: init, the dead man's switch, an exec being started."""
INODES = 20_000
BOX_UID = 65534
KEEPER_UID = 65533
"""User of the first process and the dead man's switch: what runs in the box can neither stop nor trace them."""
STRONG_CAPABILITIES = ("SYS_ADMIN", "SYS_PTRACE", "SYS_TIME")
"""What Docker itself leaves out, given back with all else where the defence is off."""
SOCKET = "/var/run/docker.sock"
HOST_FOLDER = "/host"


@dataclass(frozen=True)
class Bounds:
    """What one container may hold at most."""

    memory_mb: int
    pids: int
    disk_mb: int


def box_user(without: Without = ALL_ON) -> str:
    """User and group of the commands in a box."""
    return "0:0" if Defence.USER in without else f"{BOX_UID}:{BOX_UID}"


def keeper_user(without: Without = ALL_ON) -> str:
    """User and group of a container's first process."""
    return box_user(without) if {Defence.USER, Defence.KEEPER} & without else f"{KEEPER_UID}:{KEEPER_UID}"


def box_hostname(without: Without = ALL_ON) -> str | None:
    """Host name in a box, None for the machine's own."""
    return None if Defence.UTS_NAMESPACE in without else "box"


def keeper_command(life_s: float, without: Without = ALL_ON) -> list[str]:
    """The first command of a container: it ends after ``life_s`` seconds, and all others with it."""
    sleep = ["sleep", str(life_s + 60)]
    return sleep if Defence.DEAD_MAN in without else ["timeout", "-s", "KILL", str(life_s), *sleep]


def host_config(bounds: Bounds, *, without: Without = ALL_ON) -> dict[str, object]:
    """Return the daemon's settings of a hardened container.

    Files on a tmpfs count as memory: the bound leaves room, else a full disk blocks the container.
    """
    return {
        **_isolation(without),
        **_privileges(without),
        **_resources(bounds, without),
        "tmpfs": dict.fromkeys(("/workspace", "/tmp"), _folder(bounds, without)),
        "binds": _binds(without),
        "init": True,
        "auto_remove": True,
        "log_config": {"Type": "none"},
    }


def _isolation(without: Without) -> dict[str, object]:
    return {
        "network_mode": "host" if Defence.NETWORK in without else "none",
        "ipc_mode": "host" if Defence.IPC_NAMESPACE in without else "private",
        "pid_mode": "host" if Defence.PID_NAMESPACE in without else None,
        "uts_mode": "host" if Defence.UTS_NAMESPACE in without else None,
    }


def _privileges(without: Without) -> dict[str, object]:
    options = [] if Defence.NO_NEW_PRIVILEGES in without else ["no-new-privileges"]
    options += ["seccomp=unconfined"] if Defence.SECCOMP in without else []
    return {
        "cap_drop": [] if Defence.CAPABILITIES in without else ["ALL"],
        "cap_add": list(STRONG_CAPABILITIES) if Defence.CAPABILITIES in without else [],
        "security_opt": options,
        "read_only": Defence.READ_ONLY_ROOT not in without,
    }


def _resources(bounds: Bounds, without: Without) -> dict[str, object]:
    memory_mb = max(bounds.memory_mb + bounds.disk_mb, 2 * bounds.disk_mb + 64)
    found: dict[str, object] = {"shm_size": "64m"}
    if Defence.MEMORY not in without:
        found |= {"mem_limit": f"{memory_mb}m", "memswap_limit": f"{memory_mb}m"}
    if Defence.PIDS not in without:
        found["pids_limit"] = bounds.pids + SPARE_PIDS
    return found


def _folder(bounds: Bounds, without: Without) -> str:
    owner = box_user(without).partition(":")[0]
    options = f"rw,exec,nosuid,nodev,mode=0700,uid={owner},gid={owner}"
    if Defence.DISK not in without:
        options += f",size={bounds.disk_mb}m"
    if Defence.INODES not in without:
        options += f",nr_inodes={INODES}"
    return options


def _binds(without: Without) -> dict[str, dict[str, str]]:
    binds: dict[str, dict[str, str]] = {}
    if Defence.DOCKER_SOCKET in without:
        place = os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or SOCKET
        binds[place] = {"bind": SOCKET, "mode": "rw"}
    if Defence.HOST_FILES in without:
        binds["/"] = {"bind": HOST_FOLDER, "mode": "ro"}
    return binds


def daemon_overrides(without: Without = ALL_ON) -> Mapping[str, object]:
    """Settings that the SDK has no name for; none unless a defence is off."""
    return {"MaskedPaths": [], "ReadonlyPaths": []} if Defence.PROTECTED_PROC in without else {}
