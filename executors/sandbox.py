"""The protocol every sandbox keeps, and what it says of a command that ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from repowright.executors.trees import Changes, Snapshot, Synced, TransferBounds, Tree


class SandboxError(Exception):
    """A sandbox failed in a way that says nothing about the command it ran."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SandboxUnavailable(SandboxError):
    """No sandbox can be had on this machine, or the one asked for cannot."""


class SandboxLost(SandboxError):
    """The box or its daemon went away under a command; the command may be run again in a new box."""


class Ended(StrEnum):
    """Why a command is no longer running."""

    EXITED = "exited"
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    PIDS = "pids"
    DISK = "disk"
    KILLED = "killed"


@dataclass(frozen=True)
class Limits:
    """What one command may use; passing one of them ends the command and spends the box."""

    wall_s: float = 60.0
    cpu_s: float = 60.0
    memory_mb: int = 512
    """Memory and swap together."""
    pids: int = 128
    disk_mb: int = 128
    """All that the command may write, workspace and /tmp together."""
    output_bytes: int = 4_000_000
    """Standard output and standard error together; beyond it the command is ended."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended. ``stdout`` and ``stderr`` keep head and tail where they were cut."""

    exit_code: int
    stdout: str
    stderr: str
    duration_s: float
    ended: Ended = Ended.EXITED
    truncated: bool = False


class Box(Protocol):
    """One open sandbox: a private, empty workspace at ``/workspace``, no network, no host environment."""

    @property
    def spent(self) -> bool:
        """True once a limit was hit: the box must be closed, not used again."""

    def put(self, files: Tree) -> None:
        """Write files, named by relative POSIX path, into the workspace.

        Raises
        ------
        SandboxError
            If a path is absolute, holds ``..`` or names something outside the workspace.
        """

    def sync(self, tree: Tree, bounds: TransferBounds = ...) -> Synced:
        """Make the workspace hold ``tree``, sending only what differs from what it holds.

        Files that an earlier transfer put there and that ``tree`` has no longer are removed; what commands
        made beside them stays.

        Raises
        ------
        SandboxError
            If a path leaves the workspace, or what lies there passes ``bounds``.
        """

    def changes(self, bounds: TransferBounds = ...) -> Changes:
        """Read back the regular files that differ from the last transfer into the box, links never followed.

        Raises
        ------
        SandboxError
            If what lies in the workspace passes ``bounds``.
        """

    def snapshot(self, bounds: TransferBounds = ...) -> Snapshot:
        """Read back all regular files; files whose name is not printable UTF-8 are left out.

        Raises
        ------
        SandboxError
            If they pass ``bounds``.
        """

    def restore(self, snapshot: Snapshot, bounds: TransferBounds = ...) -> Synced:
        """Make the workspace hold a snapshot, of whichever sandbox, and nothing else."""

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back; missing ones are left out, links never followed."""

    def close(self) -> None:
        """Kill what still runs and remove the box; harmless when called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Sandbox(Protocol):
    """A way to open boxes. Safe to share between threads."""

    @property
    def name(self) -> str:
        """``docker``, ``bubblewrap`` or ``local``."""

    @property
    def python(self) -> str:
        """Path, inside a box, of the interpreter that has pytest and coverage."""

    def open(self, limits: Limits) -> Box:
        """Open a box whose own bounds (memory, pids, disk) are those of ``limits``."""

    def close(self) -> None:
        """Remove every box this sandbox opened."""
