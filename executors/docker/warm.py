"""A container that is used for one run after another, cleaned in between.

A program inside, kept running, takes the requests: a run is a fork of it, where Docker would need some 50 ms
to bring a new process into the container. pytest is loaded in it once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from repowright.executors.docker.box import DockerBox
from repowright.executors.docker.client import Daemon, FrameSource
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.docker.hardening import BOX_UID
from repowright.executors.limits.capture import collect
from repowright.executors.limits.cgroup import Usage
from repowright.executors.limits.defences import ALL_ON, Without, relaxed
from repowright.executors.limits.environment import full_environment
from repowright.executors.limits.watch import first_of
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError, SandboxLost
from repowright.executors.trees import TRANSFER, Synced, TransferBounds, Tree
from repowright.executors.warm.program import Answer, RunningProgram, RunOutput, program, request
from repowright.executors.workspace import checked_parts

RESET = TransferBounds(seconds=4.0)


class ExecStream:
    """A stream of Docker's, its failures told as those of a box."""

    def __init__(self, source: FrameSource) -> None:
        self.read = source.read
        self.close = source.close
        self._source = source

    def write(self, data: bytes) -> None:
        """Write to the program's standard input."""
        with daemon_errors("write to a box"):
            self._source.write(data)


class WarmDockerBox(DockerBox):
    """One container for many runs."""

    def __init__(
        self,
        daemon: Daemon,
        container: str,
        closed: Callable[[DockerBox, str], None],
        *,
        python: str = "python3",
        without: Without = ALL_ON,
    ) -> None:
        super().__init__(daemon, container, closed, python=python, without=without)
        argv = [python, "-c", program(), "serve", python]
        _, source = daemon.start_exec(container, argv, full_environment(None, without), "/", self._user)
        self._program = RunningProgram(ExecStream(source))
        self._first = self._usage()

    def put(self, files: Tree) -> None:
        """Write files into the workspace."""
        self._check_usable()
        self._tracked.put(files)

    def mirror(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree and nothing else."""
        self._check_usable()
        return self._tracked.mirror(tree, bounds)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back."""
        self._check_usable()
        plain = {path: "/".join(checked_parts(path)) for path in sorted(set(paths))}
        found = self._store.read(list(plain.values()), TransferBounds(bytes=max_bytes)) if plain else {}
        return {path: found[name].data for path, name in plain.items() if name in found}

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""
        self._check_usable()
        self._tracked.touched()
        started = time.monotonic()
        limits = relaxed(limits, self._without)
        check = first_of(self._checks(limits))
        environment = full_environment(env, self._without)
        cpu = max(1, round(limits.cpu_s))
        output = self._program.start(request("run", argv=list(argv), environment=environment, cpu=cpu))

        def kill() -> None:
            # Docker kills a container 10 s late while its output waits for a reader.
            self._program.close()
            self._daemon.kill(self._container)

        # Broken off before its end, it leaves a command running and half an answer on the way.
        self.spent = True
        captured = collect(output, limits.wall_s, limits.output_bytes, check, kill)
        code, ended = self._end(lambda: self._code_of(output), captured, check)
        self.spent = ended is not Ended.EXITED
        duration = time.monotonic() - started
        return Outcome(code, captured.stdout, captured.stderr, duration, ended, captured.truncated)

    def _code_of(self, output: RunOutput) -> int | None:
        if output.code is None and not self._daemon.is_running(self._container):
            raise SandboxLost("a box went away under a command", "was the daemon restarted?")
        return output.code

    def reset(self) -> str:
        """Kill what runs and empty what is not the workspace; say what is not as in a new box, nothing if all is."""
        if self.spent or self._without:
            return "the box is spent"
        try:
            reply = self._program.ask(request("reset"), RESET).reply or {}
        except SandboxError as err:
            return err.message
        if self._usage() != self._first:
            return "a bound was met"
        if self._group is not None and self._group.count_of_user(BOX_UID) != 1:
            return "processes are left"
        left, changed = reply.get("left"), reply.get("changed")
        if left == [] and changed == []:
            return ""
        return f"left are processes {left} and {changed}"

    def close(self) -> None:
        """Remove the container, in the background."""
        self._program.close()
        super().close()

    def _ask(self, request: bytes, bounds: TransferBounds) -> Answer:
        return self._program.ask(request, bounds)

    def _usage(self) -> tuple[int, int]:
        used = Usage() if self._group is None else self._group.usage()
        return used.oom_kills, used.refused_forks
