"""The bubblewrap command line of a box."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from repowright.executors.images.runtime import BASE, ETC, VENV, Runtime

BOX_UID = "65534"
SHARED_MEMORY_BYTES = 64 << 20
SYSTEM_FOLDERS = ("lib", "lib32", "lib64", "bin", "sbin")
LINKER_FILES = ("/etc/ld.so.cache", "/etc/alternatives")


def isolation() -> list[str]:
    """Namespaces of every kind, no capability, no new user namespace, no terminal, dead with the parent."""
    argv = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    return [*argv, "--clearenv", "--cap-drop", "ALL", "--uid", BOX_UID, "--gid", BOX_UID, "--hostname", "box"]


def file_system(runtime: Runtime, workspace: Path | None, tmp: Path | None) -> list[str]:
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
    argv += ["--ro-bind", str(runtime.venv), VENV, "--proc", "/proc", "--dev", "/dev"]
    argv += ["--perms", "1777", "--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"]
    for source, target in ((workspace, "/workspace"), (tmp, "/tmp")):
        argv += ["--size", "1048576", "--tmpfs", target] if source is None else ["--bind", str(source), target]
    return [*argv, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/workspace"]


def environment_arguments(environment: Mapping[str, str]) -> list[str]:
    """One ``--setenv`` for each variable."""
    return [part for name, value in environment.items() for part in ("--setenv", name, value)]


def _system_folder(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []
