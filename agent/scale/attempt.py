"""One process of one command: started in its folder, waited for, and stopped with all it started."""

from __future__ import annotations

import sys
from collections.abc import Callable

from repowright.agent.scale.command import Command
from repowright.executors.children import run_child

INTERRUPTED = 130


def attempt(command: Command, wanted: Callable[[], bool] = lambda: True) -> int:
    """Run a command's process to its end and return its exit code; negative, as the signal, if it was killed.

    Parameters
    ----------
    wanted
        Asked again and again; once it says no, the process is interrupted and waited for.

    Raises
    ------
    KeyboardInterrupt
        If this process was interrupted; the command's is stopped by then.
    """
    if not wanted():
        return INTERRUPTED
    command.home.mkdir(parents=True, exist_ok=True)
    environment = {"REPOWRIGHT_HOME": str(command.home.absolute()), **dict(command.environment)}
    argv = (sys.executable, *command.next_arguments())
    return run_child(argv, command.folder, environment, command.log, wanted)


def attempt_unless_stopped(command: Command) -> int:
    """Run a command's process as `attempt` does, until its mark to stop appears."""
    return attempt(command, lambda: not command.stop.exists())
