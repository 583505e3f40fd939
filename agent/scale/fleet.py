"""A fleet: whatever runs many commands, a few at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from repowright.agent.scale.command import Command, Finished
from repowright.agent.scale.errors import CommandsClash

Told = Callable[[Finished], None]
"""Is called as soon as a command has ended, in whatever order they do."""


class Fleet(Protocol):
    """Runs commands; a process that dies is begun again, up to a limit, and goes on with its run."""

    def run(self, commands: Sequence[Command], told: Told | None = None) -> list[Finished]:
        """Run all commands and return how each ended, in their order.

        Raises
        ------
        FleetUnavailable
            If there is nothing to run them on.
        KeyboardInterrupt
            If a person ended it; no process is left then, and every run can be resumed.
        """


def run_many(commands: Sequence[Command], fleet: Fleet, told: Told | None = None) -> list[Finished]:
    """Run commands on a fleet and return how each ended, in their order.

    Raises
    ------
    CommandsClash
        If two share a name or a folder: each run has its own.
    FleetUnavailable, KeyboardInterrupt
        As `Fleet.run`.
    """
    _check_apart([command.name for command in commands], "the name")
    _check_apart([str(command.folder.absolute()) for command in commands], "the folder")
    return fleet.run(commands, told) if commands else []


def _check_apart(values: Sequence[str], what: str) -> None:
    shared = sorted(value for value, count in Counter(values).items() if count > 1)
    if shared:
        raise CommandsClash(f"{what} {shared[0]} is shared by two commands", "give each its own")
