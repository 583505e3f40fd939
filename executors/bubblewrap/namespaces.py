"""The bubblewrap command line of a box."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from repowright.executors.images.runtime import BASE, ETC, VENV, Runtime
from repowright.executors.limits.defences import ALL_ON, Defence, Without

BOX_UID = "65534"
SHARED_MEMORY_BYTES = 64 << 20
SYSTEM_FOLDERS = ("lib", "lib32", "lib64", "bin", "sbin")
LINKER_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
HOST_FOLDER = "/host"
DOCKER_SOCKET = "/run/docker.sock"
ISOLATION: Mapping[Defence, tuple[str, ...]] = {
    Defence.NETWORK: ("--unshare-net",),
    Defence.PID_NAMESPACE: ("--unshare-pid",),
    Defence.IPC_NAMESPACE: ("--unshare-ipc",),
    Defence.UTS_NAMESPACE: ("--unshare-uts", "--hostname", "box"),
    Defence.USER_NAMESPACES: ("--disable-userns",),
    Defence.DEAD_MAN: ("--die-with-parent",),
    Defence.SESSION: ("--new-session",),
    Defence.HOST_ENVIRONMENT: ("--clearenv",),
    Defence.CAPABILITIES: ("--cap-drop", "ALL"),
}


def isolation(*, without: Without = ALL_ON) -> list[str]:
    """Namespaces of every kind, no capability, no new user namespace, no terminal, dead with the parent."""
    argv = ["--unshare-user", "--uid", BOX_UID, "--gid", BOX_UID, "--unshare-cgroup-try"]
    for defence, arguments in ISOLATION.items():
        if defence not in without:
            argv += arguments
    return argv + (["--cap-add", "ALL"] if Defence.CAPABILITIES in without else [])


def file_system(runtime: Runtime, workspace: Path | None, tmp: Path | None, *, without: Without = ALL_ON) -> list[str]:
    """The system read-only, ``/workspace`` and ``/tmp`` from the host, or small empty ones when None."""
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM_FOLDERS:
        argv += _system_folder(Path("/", name))
    argv += ["--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/opt"]
    for path in LINKER_FILES:
        argv += ["--ro-bind-try", path, path]
    for name in sorted(ETC):
        argv += ["--ro-bind", str(runtime.etc / name), f"/etc/{name}"]
    if runtime.base is not None:
        argv += ["--ro-bind", str(runtime.base), BASE]
    argv += ["--ro-bind", str(runtime.venv), VENV, "--dev", "/dev"]
    for bind in runtime.binds:
        argv += ["--ro-bind", str(bind.source), bind.target]
    # A new /proc can only be mounted of processes that are the box's own.
    argv += ["--bind", "/proc", "/proc"] if Defence.PID_NAMESPACE in without else ["--proc", "/proc"]
    argv += _holes(without)
    argv += ["--perms", "1777", "--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"]
    for source, target in ((workspace, "/workspace"), (tmp, "/tmp")):
        argv += ["--size", "1048576", "--tmpfs", target] if source is None else ["--bind", str(source), target]
    if Defence.READ_ONLY_ROOT not in without:
        argv += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*argv, "--chdir", "/workspace"]


def environment_arguments(environment: Mapping[str, str]) -> list[str]:
    """One ``--setenv`` for each variable."""
    return [part for name, value in environment.items() for part in ("--setenv", name, value)]


def _holes(without: Without) -> list[str]:
    argv: list[str] = []
    if Defence.HOST_FILES in without:
        argv += ["--ro-bind", "/", HOST_FOLDER]
    if Defence.DOCKER_SOCKET in without:
        argv += ["--bind", DOCKER_SOCKET, DOCKER_SOCKET]
    return argv


def _system_folder(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []
