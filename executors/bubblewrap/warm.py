"""A bubblewrap that is used for one run after another, cleaned in between.

Where control groups show what runs in it, one bubblewrap stays, and a program inside it forks for each
command; pytest is loaded in it once. Elsewhere each command gets a bubblewrap of its own as ever, and what
is kept are the files.
"""

from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from repowright.executors.beneath import RUNNABLE
from repowright.executors.bubblewrap.launch import Launched, launch
from repowright.executors.bubblewrap.namespaces import environment_arguments
from repowright.executors.bubblewrap.sandbox import BubblewrapBox
from repowright.executors.bubblewrap.slots import Slot
from repowright.executors.images.runtime import Runtime
from repowright.executors.limits.capture import Chunk, PipeSource, collect
from repowright.executors.limits.cgroup import ControlGroup, Usage
from repowright.executors.limits.defences import ALL_ON, Without
from repowright.executors.limits.environment import KILLED_CODE, full_environment
from repowright.executors.limits.watch import first_of
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError, SandboxLost
from repowright.executors.trees import TRANSFER, Synced, TransferBounds, Tree
from repowright.executors.warm.program import RunningProgram, program, request
from repowright.executors.workspace import HostWorkspace

RESET = TransferBounds(seconds=4.0)
LONG_CPU_S = 3600.0
"""Processor time of the program itself; each command lowers its own."""
OWN_PROCESSES = 3
"""Two of bubblewrap and the program."""


class PipeStream:
    """The pipes of a bubblewrap that stays."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        source = PipeSource(process)
        self._process = process
        self._source = source

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait for output."""
        try:
            return self._source.read(timeout_s)
        except (OSError, ValueError):
            return None

    def write(self, data: bytes) -> None:
        """Write to the program's standard input."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError) as err:
            raise SandboxLost("the program in a box is gone") from err

    def close(self) -> None:
        """Close the pipes."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
        except OSError:
            # What was not written yet can no longer be.
            pass
        self._source.close()


class WarmBubblewrapBox(BubblewrapBox):
    """One workspace for many runs."""

    def __init__(
        self,
        binary: Path,
        runtime: Runtime,
        slot: Slot,
        group: ControlGroup | None,
        closed: Callable[[BubblewrapBox], None],
        *,
        limits: Limits,
        without: Without = ALL_ON,
    ) -> None:
        super().__init__(binary, runtime, slot, group, closed, limits=limits, without=without)
        self._stream: PipeStream | None = None
        self._program: RunningProgram | None = None
        self._staying: Launched | None = None
        if group is not None:
            self._start()
        self._first = self._usage()

    def mirror(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree and nothing else."""
        self._check_usable()
        return self._tracked.mirror(tree, bounds)

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""
        if self._program is None or self._staying is None:
            return super().run(argv, limits, env)
        self._check_usable()
        self._tracked.touched()
        started = time.monotonic()
        check = first_of(self._checks(self._staying.pid, limits))
        cpu = max(1, round(limits.cpu_s))
        output = self._program.start(request("run", argv=list(argv), environment=self._variables(env), cpu=cpu))
        # Broken off before its end, it leaves a command running and half an answer on the way.
        self.spent = True
        captured = collect(output, limits.wall_s, limits.output_bytes, check, self._staying.kill)
        if output.code is None and captured.ended is Ended.EXITED:
            ended = check() or Ended.KILLED
        else:
            ended = self._final_reason(captured, output.code or 0, check)
        self.spent = ended is not Ended.EXITED
        code = output.code if ended is Ended.EXITED and output.code is not None else KILLED_CODE
        duration = time.monotonic() - started
        return Outcome(code, captured.stdout, captured.stderr, duration, ended, captured.truncated)

    def reset(self) -> str:
        """Kill what runs and empty all but the workspace; say what is not as in a new box, nothing if all is."""
        if self.spent or self._without:
            return "the box is spent"
        try:
            why = self._reset_program()
            # Only now does nobody write there any more.
            HostWorkspace(self._slot.tmp, self._slot.uid).keep({}, RESET)
        except SandboxError as err:
            return err.message
        return why or ("a bound was met" if self._usage() != self._first else "")

    def close(self) -> None:
        """Kill what still runs and remove the box."""
        staying, self._staying = self._staying, None
        if staying is not None:
            staying.kill()
            staying.close()
        if self._stream is not None:
            self._stream.close()
        super().close()

    def _start(self) -> None:
        long = replace(self._limits, cpu_s=LONG_CPU_S)
        command = [self._python, "-c", program(), "serve", self._python]
        launched = launch(
            [*self._prefix, *environment_arguments(self._variables(None)), "--", *command],
            self._slot.uid,
            long,
            self._group,
            bounded_disk=self._slot.bounded,
            call_filter=self._filter,
            stdin=subprocess.PIPE,
        )
        self._staying = launched
        self._stream = PipeStream(launched.process)
        self._program = RunningProgram(self._stream)

    def _reset_program(self) -> str:
        if self._program is None or self._group is None:
            # Each command's processes ended with its namespace; what it did to the two folders did not.
            soiled = [place.name for place in (self._slot.workspace, self._slot.tmp) if not _is_plain(place)]
            return f"left are changed folders {soiled}" if soiled else ""
        reply = self._program.ask(request("reset"), RESET).reply or {}
        left, changed = reply.get("left"), reply.get("changed")
        if left != [] or changed != []:
            return f"left are processes {left} and {changed}"
        return "processes are left" if self._group.count_of_user(self._slot.uid or 0) > OWN_PROCESSES else ""

    def _variables(self, env: Mapping[str, str] | None) -> dict[str, str]:
        return {**self._environment, **full_environment(env, self._without)}

    def _usage(self) -> tuple[int, int]:
        used = Usage() if self._group is None else self._group.usage()
        return used.oom_kills, used.refused_forks


def _is_plain(folder: Path) -> bool:
    """True while a folder has the mode and the attributes it was made with."""
    try:
        return stat.S_IMODE(folder.stat().st_mode) == RUNNABLE and not os.listxattr(folder)
    except OSError:
        return False
