"""What a fleet is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """One run: what the Python interpreter is told, and what goes on with it if its process dies.

    Parameters
    ----------
    name
        Its own among those that run together.
    arguments
        After the interpreter: ``("-m", "repowright.tui", "generate", "spec.md", ...)``.
    folder
        Its own: where it runs. ``REPOWRIGHT_HOME`` is ``<folder>/home`` for it, so that no two runs share a folder.
    resume
        The arguments that go on with a run that was begun, such as ``("-m", "repowright.tui", "runs", "resume",
        "last")``; empty to begin anew.
    environment
        Variables beside those of this process, as pairs.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path
    resume: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def home(self) -> Path:
        """Where its runs are kept."""
        return self.folder / "home"

    @property
    def log(self) -> Path:
        """Where all it writes to its standard streams is kept, of every attempt."""
        return self.folder / "output.log"

    @property
    def stop(self) -> Path:
        """Where a mark stands once a fleet wants its process to stop; a worker far away reads it."""
        return self.folder / "stop"

    def next_arguments(self) -> tuple[str, ...]:
        """Return what to tell the interpreter now: to go on, if there is a run to go on with."""
        begun = self.resume and any(self.home.glob("runs/*/manifest.json"))
        return self.resume if begun else self.arguments


@dataclass(frozen=True)
class Finished:
    """How a command ended.

    Parameters
    ----------
    exit_code
        Of its last process; negative, as the signal, for one that died and was not resumed any more.
    attempts
        Processes it took.
    deaths
        What each that died of, in order.
    """

    name: str
    exit_code: int
    attempts: int = 1
    deaths: tuple[str, ...] = ()

    @property
    def died(self) -> bool:
        """Whether even the last process was killed: nothing can be said of the run."""
        return self.exit_code < 0
