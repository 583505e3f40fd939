"""Where the repository's tests run: a sandbox with the packages of a lock, or with the standard library alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from repowright.agent.settings import Settings
from repowright.executors import (
    BubblewrapSandbox,
    DockerSandbox,
    Limits,
    PooledSandbox,
    Sandbox,
    SandboxUnavailable,
    choose,
    install,
    with_layer,
)

INSTALLING = Limits(wall_s=900, cpu_s=900, memory_mb=4096, pids=256, disk_mb=2048)
"""Bounds of the installation, the one phase that has a network."""


@contextmanager
def place_of(settings: Settings, lock: str) -> Iterator[Sandbox]:
    """Yield a sandbox; packages of the lock are installed once, in a phase of its own.

    Raises
    ------
    SandboxError
        If no sandbox can be had, or the packages cannot be installed.
    """
    chosen = choose(settings.sandbox, unsafe_local=settings.unsafe_local)
    with contextlib.closing(PooledSandbox(_with_packages(chosen, lock) if lock else chosen)) as sandbox:
        yield sandbox


def _with_packages(chosen: Sandbox, lock: str) -> Sandbox:
    if not isinstance(chosen, DockerSandbox | BubblewrapSandbox):
        chosen.close()
        hint = "use --sandbox docker or bubblewrap"
        raise SandboxUnavailable(f"the sandbox {chosen.name} keeps no dependencies apart", hint)
    try:
        layer = install(chosen, lock, allow_network=True, limits=INSTALLING)
    finally:
        chosen.close()
    return with_layer(chosen, layer)
