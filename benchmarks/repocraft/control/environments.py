"""What a project's tests are run in: a sandbox with its locked dependencies, and without the project itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from repowright.benchmarks.repocraft.control.wheels import without_project
from repowright.benchmarks.repocraft.errors import EnvironmentUnavailable
from repowright.benchmarks.repocraft.projects import Project
from repowright.executors import (
    BubblewrapSandbox,
    DockerSandbox,
    Limits,
    Preference,
    Sandbox,
    SandboxError,
    choose,
    install,
    with_layer,
)

INSTALLING = Limits(wall_s=900, cpu_s=900, memory_mb=4096, pids=256, disk_mb=2048)
"""Bounds of the installation; scipy alone unpacks to 120 MB."""
_PROBE = Limits(wall_s=30, cpu_s=30, memory_mb=256)
_VERSION = "import sys; print(*sys.version_info[:2])"


@dataclass(frozen=True)
class Environment:
    """A sandbox with dependencies.

    Parameters
    ----------
    python
        Version of its interpreter.
    layer
        Key of the frozen dependencies: the same key, the same bytes.
    """

    sandbox: Sandbox
    python: tuple[int, int]
    layer: str


def lock_of(project: Project) -> str:
    """Return the text of a project's lock, itself included.

    Raises
    ------
    EnvironmentUnavailable
        If there is none.
    """
    try:
        return project.lock.read_text(encoding="utf-8")
    except OSError as err:
        raise EnvironmentUnavailable(
            f"there is no lock of {project.name}: {project.lock.name}", "write one with exact versions"
        ) from err


def environment(lock: str, without: str = "", preference: Preference = "auto") -> Environment:
    """Install a lock, once, and return a sandbox that has it; the network is on in that phase alone.

    Parameters
    ----------
    without
        A distribution to leave out: the project under test, for which only a workspace may answer.

    Raises
    ------
    EnvironmentUnavailable
        If a dependency cannot be installed, or the sandbox holds none.
    SandboxError
        If no sandbox can be had.
    """
    chosen = choose(preference)
    if not isinstance(chosen, DockerSandbox | BubblewrapSandbox):
        raise EnvironmentUnavailable(
            f"the sandbox {chosen.name} keeps no dependencies apart", "use --sandbox docker or bubblewrap"
        )
    text = without_project(lock, without) if without else lock
    try:
        layer = install(chosen, text, allow_network=True, limits=INSTALLING)
    except SandboxError as err:
        raise EnvironmentUnavailable(err.message, err.hint) from err
    finally:
        chosen.close()
    sandbox = with_layer(chosen, layer)
    return Environment(sandbox, _python_of(sandbox), layer.key)


def _python_of(sandbox: Sandbox) -> tuple[int, int]:
    with contextlib.closing(sandbox.open(_PROBE)) as box:
        major, minor = box.run([sandbox.python, "-I", "-S", "-c", _VERSION], _PROBE).stdout.split()
    return int(major), int(minor)
