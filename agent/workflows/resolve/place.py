"""Where the repository's tests run: a sandbox with the packages of a lock, or with the standard library alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from repowright.agent.sandboxes import open_sandbox
from repowright.agent.settings import Settings
from repowright.executors import PooledSandbox, Sandbox


@contextmanager
def place_of(settings: Settings, lock: str) -> Iterator[Sandbox]:
    """Yield a pooled sandbox; see `open_sandbox`.

    Raises
    ------
    SandboxError
        If no sandbox can be had, or the packages cannot be installed.
    """
    with contextlib.closing(PooledSandbox(open_sandbox(settings, lock))) as sandbox:
        yield sandbox
