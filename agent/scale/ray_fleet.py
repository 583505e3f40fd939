"""A fleet on a Ray cluster: each command a task, resumed on another worker where its own dies.

The run folders must lie where every node reaches them; a command that finds none of its own begins anew.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from repowright.agent.scale.attempt import attempt_unless_stopped
from repowright.agent.scale.command import Command, Finished
from repowright.agent.scale.errors import FleetUnavailable
from repowright.agent.scale.fleet import Told
from repowright.executors.children import cause_of_death

_GRACE_S = 60.0
_KNOCK_S = 5.0


class RayFleet:
    """Runs commands on a Ray cluster.

    Parameters
    ----------
    address
        Of the cluster, such as ``ray://head:10001`` or ``auto``; empty to start one on this machine.
    cpus
        Processor cores that a command is given; so many fit a node at a time.
    resumes
        How often a command whose process or worker died is begun again.
    """

    def __init__(self, address: str = "", cpus: float = 1, resumes: int = 2) -> None:
        self.address = address
        self.cpus = cpus
        self.resumes = resumes

    def run(self, commands: Sequence[Command], told: Told | None = None) -> list[Finished]:
        """Run all commands and return how each ended, in their order; see `Fleet.run`."""
        if find_spec("ray") is None:
            raise FleetUnavailable("Ray is not installed", "pip install 'repowright[ray]', or run with --jobs alone")
        ray: Any = import_module("ray")
        begun = not ray.is_initialized()
        if begun:
            _connect(ray, self.address)
        try:
            return _Round(ray, self.cpus, self.resumes).run(commands, told)
        finally:
            if begun:
                ray.shutdown()


class _Round:
    """The tasks of one call."""

    def __init__(self, ray: Any, cpus: float, resumes: int) -> None:
        self._ray = ray
        # Ray would begin a task anew by itself, and say nothing of it.
        self._task = ray.remote(num_cpus=cpus, max_retries=0)(attempt_unless_stopped)
        self._resumes = resumes
        self._deaths: dict[str, list[str]] = {}

    def run(self, commands: Sequence[Command], told: Told | None) -> list[Finished]:
        for command in commands:
            command.stop.unlink(missing_ok=True)
        waiting = {self._task.remote(command): command for command in commands}
        done: dict[str, Finished] = {}
        try:
            while waiting:
                (ready,), _ = self._ray.wait(list(waiting), num_returns=1)
                command = waiting.pop(ready)
                finished = self._ended(command, ready)
                if finished is None:
                    waiting[self._task.remote(command)] = command
                    continue
                done[command.name] = finished
                if told is not None:
                    told(finished)
        except BaseException:
            self._stop(waiting)
            raise
        return [done[command.name] for command in commands]

    def _ended(self, command: Command, task: Any) -> Finished | None:
        """Return how a command ended; ``None`` if it died and is to be resumed."""
        deaths = self._deaths.setdefault(command.name, [])
        exit_code, cause = self._outcome(task)
        if not cause:
            return Finished(command.name, exit_code, len(deaths) + 1, tuple(deaths))
        deaths.append(cause)
        if len(deaths) <= self._resumes:
            return None
        return Finished(command.name, exit_code, len(deaths), tuple(deaths))

    def _outcome(self, task: Any) -> tuple[int, str]:
        """Return a task's exit code, and what its process or worker died of."""
        lost = (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.NodeDiedError)
        short = self._ray.exceptions.OutOfMemoryError
        try:
            exit_code: int = self._ray.get(task)
        except (*lost, short) as error:
            return -9, type(error).__name__
        return exit_code, cause_of_death(exit_code)

    def _stop(self, waiting: Mapping[Any, Command]) -> None:
        """Have what runs interrupted, and wait until each has kept its work."""
        for command in waiting.values():
            command.stop.touch()
        if waiting:
            _, left = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=_GRACE_S)
            for task in left:
                self._ray.cancel(task, force=True)
        for command in waiting.values():
            command.stop.unlink(missing_ok=True)


def _connect(ray: Any, address: str) -> None:
    try:
        _check_answers(address)
        ray.init(address=address or None, include_dashboard=False, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError) as error:
        hint = "check the address, or leave it out to start Ray on this machine"
        raise FleetUnavailable(f"no Ray cluster answers at {address or 'this machine'}", hint) from error


def _check_answers(address: str) -> None:
    """Knock at a named address; Ray itself would wait for minutes and then end the process."""
    host, separator, port = address.rpartition("//")[2].rpartition(":")
    if separator:
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()
