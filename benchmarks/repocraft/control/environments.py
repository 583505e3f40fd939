"""What a project's tests are run in: a sandbox with its locked dependencies, and without the project itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from repowright.agent.sandboxes import with_packages
from repowright.benchmarks.repocraft.control.wheels import without_project
from repowright.benchmarks.repocraft.errors import EnvironmentUnavailable
from repowright.benchmarks.repocraft.projects import Project
from repowright.executors import Limits, Preference, Sandbox, SandboxError, choose

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
    try:
        sandbox, key = with_packages(chosen, without_project(lock, without) if without else lock)
    except SandboxError as err:
        raise EnvironmentUnavailable(err.message, err.hint) from err
    return Environment(sandbox, _python_of(sandbox), key)


def _python_of(sandbox: Sandbox) -> tuple[int, int]:
    with contextlib.closing(sandbox.open(_PROBE)) as box:
        major, minor = box.run([sandbox.python, "-I", "-S", "-c", _VERSION], _PROBE).stdout.split()
    return int(major), int(minor)
