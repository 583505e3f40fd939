"""Where checks run: commands one after the other in a fresh box, without network and without privileges."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repowright.executors import (
    Box,
    Ended,
    Limits,
    Outcome,
    Sandbox,
    SandboxError,
    SandboxLost,
    TestReport,
    framework_named,
    run_tests,
)
from repowright.executors.testing.framework import TestRequest

CHECK_LIMITS = Limits(wall_s=180, cpu_s=240, memory_mb=2500, pids=256, disk_mb=500, output_bytes=16_000_000)
LOST_BOXES = 2
"""How often commands whose box was lost are run again."""


@dataclass(frozen=True)
class Command:
    """One command of a check."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    wall_s: float | None = None
    needed: bool = True
    """Nothing after it runs when it fails."""


@dataclass(frozen=True)
class BenchRun:
    """How the commands ended, those that ran."""

    outcomes: tuple[Outcome, ...]
    files: Mapping[str, bytes]
    """The files asked for that were there in the end."""

    @property
    def last(self) -> Outcome:
        """The last one that ran."""
        return self.outcomes[-1]


class Bench:
    """Runs commands and test suites.

    Parameters
    ----------
    sandbox
        Opened with the toolchains ``rust`` and ``c``.
    environment
        Variables that every command gets, such as the ``PATH`` of a toolchain.
    at_once
        How many boxes are open at a time.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits = CHECK_LIMITS,
        environment: Mapping[str, str] | None = None,
        at_once: int = 2,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._environment = dict(environment or {})
        self._turns = asyncio.Semaphore(at_once)

    @property
    def python(self) -> str:
        """The interpreter in a box."""
        return self._sandbox.python

    @property
    def backend(self) -> str:
        """Name of the sandbox."""
        return self._sandbox.name

    async def run(self, files: Mapping[str, bytes], commands: Sequence[Command], keep: Sequence[str] = ()) -> BenchRun:
        """Run commands on files in a fresh box; read the files named in ``keep`` back.

        Raises
        ------
        SandboxError
            If no box can be had, or boxes were lost three times.
        """
        async with self._turns:
            return await asyncio.to_thread(self._run_again, files, commands, keep)

    async def test(
        self,
        files: Mapping[str, bytes],
        select: Sequence[str] = (),
        wall_s: float | None = None,
        framework: str = "cargo",
    ) -> TestReport:
        """Run the tests of a project; those of a crate each executable on its own.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        limits = self._limits if wall_s is None else _with_wall(self._limits, wall_s)
        request = TestRequest(tuple(select))
        runner = framework_named(framework)
        async with self._turns:
            return await asyncio.to_thread(run_tests, self._sandbox, files, runner, request, limits, self._environment)

    def _run_again(self, files: Mapping[str, bytes], commands: Sequence[Command], keep: Sequence[str]) -> BenchRun:
        for _ in range(LOST_BOXES):
            try:
                return self._run(files, commands, keep)
            except SandboxLost:
                continue
        return self._run(files, commands, keep)

    def _run(self, files: Mapping[str, bytes], commands: Sequence[Command], keep: Sequence[str]) -> BenchRun:
        outcomes: list[Outcome] = []
        with self._sandbox.open(self._limits) as box:
            box.put(files)
            for command in commands:
                limits = self._limits if command.wall_s is None else _with_wall(self._limits, command.wall_s)
                done = box.run(command.argv, limits, {**self._environment, **command.environment})
                outcomes.append(done)
                if done.ended is not Ended.EXITED or (command.needed and done.exit_code != 0):
                    break
            return BenchRun(tuple(outcomes), _left(box, keep, outcomes[-1]) if keep else {})


def _left(box: Box, keep: Sequence[str], last: Outcome) -> Mapping[str, bytes]:
    """The files to be read back; none where the box is spent, as some are once a command met its limit."""
    try:
        return box.get(keep)
    except SandboxLost:
        raise
    except SandboxError:
        if last.ended is Ended.EXITED:
            raise
        return {}


def _with_wall(limits: Limits, wall_s: float) -> Limits:
    return Limits(wall_s, limits.cpu_s, limits.memory_mb, limits.pids, limits.disk_mb, limits.output_bytes)


def ending(outcome: Outcome) -> str:
    """How a command ended, in words, with the end of what it said."""
    said = " | ".join(line.strip() for line in (outcome.stderr or outcome.stdout).splitlines()[-4:] if line.strip())
    own = outcome.ended is Ended.EXITED
    how = f"exit code {outcome.exit_code}" if own else f"stopped at its limit of {outcome.ended}"
    return f"{how}: {said[-400:]}" if said else how
