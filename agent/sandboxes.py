"""The sandbox that settings ask for, with the packages of a project's lock where there is one."""

from __future__ import annotations

from pathlib import Path

from repowright.agent.errors import UserError
from repowright.agent.settings import Settings
from repowright.executors import (
    BubblewrapSandbox,
    DockerSandbox,
    Limits,
    Sandbox,
    SandboxUnavailable,
    choose,
    install,
    with_layer,
)

INSTALLING = Limits(wall_s=900, cpu_s=900, memory_mb=4096, pids=256, disk_mb=2048)
"""Bounds of the installation, the one phase that has a network."""


def open_sandbox(settings: Settings, lock: str = "") -> Sandbox:
    """Return a sandbox; packages of the lock are installed once, in a phase of its own.

    Parameters
    ----------
    lock
        Text of requirements in exact versions; empty for the standard library alone.

    Raises
    ------
    SandboxError
        If no sandbox can be had, or the packages cannot be installed.
    """
    chosen = choose(settings.sandbox, unsafe_local=settings.unsafe_local)
    return with_packages(chosen, lock)[0] if lock else chosen


def read_lock(path: Path) -> str:
    """Return the text of a lock file.

    Raises
    ------
    UserError
        If it cannot be read as text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise UserError(f"{path} is no lock: byte {err.start} is not UTF-8", "give a text of name==version") from err
    except OSError as err:
        raise UserError(f"cannot read {path}: {err.strerror}", "name the lock of the project") from err


def with_packages(chosen: Sandbox, lock: str) -> tuple[Sandbox, str]:
    """Return a sandbox with the packages of a lock, and the key of their layer: the same key, the same bytes.

    Parameters
    ----------
    chosen
        The bare sandbox; it is closed.

    Raises
    ------
    SandboxError
        If it keeps no dependencies apart, or the packages cannot be installed.
    """
    if not isinstance(chosen, DockerSandbox | BubblewrapSandbox):
        chosen.close()
        hint = "use --sandbox docker or bubblewrap"
        raise SandboxUnavailable(f"the sandbox {chosen.name} keeps no dependencies apart", hint)
    try:
        layer = install(chosen, lock, allow_network=True, limits=INSTALLING)
    finally:
        chosen.close()
    return with_layer(chosen, layer), layer.key
