"""Where a translation is compiled and run: a sandbox with the toolchains of C and of the target language."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from repowright.agent.settings import Settings
from repowright.executors import LocalSandbox, PooledSandbox, Sandbox, choose
from repowright.executors.images.toolchains import in_order, on_this_machine

TOOLCHAINS = ("c", "rust")


@contextmanager
def place_of(settings: Settings, toolchains: tuple[str, ...] = TOOLCHAINS) -> Iterator[Sandbox]:
    """Yield a sandbox that has compilers.

    Raises
    ------
    SandboxError
        If no sandbox can be had, or none with these toolchains.
    """
    chosen = choose(settings.sandbox, unsafe_local=settings.unsafe_local, toolchains=toolchains)
    if isinstance(chosen, LocalSandbox):
        for toolchain in in_order(toolchains):
            on_this_machine(toolchain)
    with contextlib.closing(PooledSandbox(chosen)) as sandbox:
        yield sandbox
