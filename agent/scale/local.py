"""A fleet on this machine: so many processes at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from repowright.agent.scale.attempt import attempt
from repowright.agent.scale.command import Command, Finished
from repowright.agent.scale.fleet import Told
from repowright.executors.children import cause_of_death


class LocalFleet:
    """Runs commands side by side on this machine.

    Parameters
    ----------
    jobs
        Processes at a time.
    resumes
        How often a command whose process died is begun again.
    """

    def __init__(self, jobs: int = 1, resumes: int = 2) -> None:
        self.jobs = max(1, jobs)
        self.resumes = resumes

    def run(self, commands: Sequence[Command], told: Told | None = None) -> list[Finished]:
        """Run all commands and return how each ended, in their order; see `Fleet.run`."""
        ended = threading.Event()
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="fleet") as pool:
            futures = [pool.submit(self._to_its_end, command, ended) for command in commands]
            try:
                for future in as_completed(futures):
                    if told is not None:
                        told(future.result())
            except BaseException:
                # A person's Ctrl-C, or an error of who is told: the processes are interrupted and waited for.
                ended.set()
                _cancel(futures)
                raise
        return [future.result() for future in futures]

    def _to_its_end(self, command: Command, ended: threading.Event) -> Finished:
        deaths: list[str] = []
        while True:
            exit_code = attempt(command, lambda: not ended.is_set())
            if exit_code >= 0 or ended.is_set() or len(deaths) >= self.resumes:
                died = [cause_of_death(exit_code)] if exit_code < 0 else []
                return Finished(command.name, exit_code, len(deaths) + 1, (*deaths, *died))
            deaths.append(cause_of_death(exit_code))


def _cancel(futures: Sequence[Future[Finished]]) -> None:
    for future in futures:
        future.cancel()
