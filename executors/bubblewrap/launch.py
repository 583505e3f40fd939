"""Starts one bubblewrap, puts its limits on before the command runs, and kills it whole."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.executors.limits.cgroup import ControlGroup
from repowright.executors.sandbox import Limits, SandboxError

START_S = 10.0
OPEN_FILES = 1024
SPARE_PIDS = 64
"""Room for other processes of the same user, whom the kernel counts too; the watch names the limit before."""
PRLIMIT_NAMES = {
    resource.RLIMIT_AS: "as",
    resource.RLIMIT_CORE: "core",
    resource.RLIMIT_CPU: "cpu",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_NOFILE: "nofile",
    resource.RLIMIT_NPROC: "nproc",
}


@dataclass(frozen=True)
class Launched:
    """A running box: bubblewrap's own process, and the pid (on the host) of the first process inside."""

    process: subprocess.Popen[bytes]
    pid: int
    group: ControlGroup | None

    def kill(self) -> None:
        """Kill the first process of the pid namespace: the kernel then kills all others in it."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self.group is not None:
            self.group.kill()

    def close(self) -> None:
        """Reap bubblewrap and close its pipes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(START_S)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def launch(
    argv: Sequence[str],
    uid: int | None,
    limits: Limits,
    group: ControlGroup | None,
    *,
    bounded_disk: bool,
    call_filter: bytes | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Launched:
    """Start bubblewrap under ``uid``; the command waits until its limits are on.

    Parameters
    ----------
    call_filter
        The filter of system calls that all in the box gets, as the kernel reads it; none when None.
    stdin
        What the command reads: nothing, or a pipe that the caller closes.

    Raises
    ------
    SandboxError
        If bubblewrap cannot make the namespaces.
    """
    bounds = _bounds(limits, group is None, bounded_disk)
    prlimit = shutil.which("prlimit") if uid is not None else None
    info_read, info_write = os.pipe()
    block_read, block_write = os.pipe()
    filter_read = _file_of(call_filter)
    command = [argv[0], "--info-fd", str(info_write), "--block-fd", str(block_read)]
    command += ["--seccomp", str(filter_read)] if filter_read >= 0 else []
    passed = tuple(descriptor for descriptor in (info_write, block_read, filter_read) if descriptor >= 0)
    try:
        process = _spawn([*_prefix(prlimit, bounds), *command, *argv[1:]], uid, passed, stdin)
        os.close(info_write)
        info_write = -1
        try:
            pid = _child_pid(info_read, process)
            if group is not None:
                group.add(pid)
            for kind, bound in [] if prlimit else bounds.items():
                resource.prlimit(pid, kind, bound)
            os.write(block_write, b"x")
        except (OSError, SandboxError) as err:
            # The box was closed while it started: nothing of the command has run.
            _abandon(process)
            raise err if isinstance(err, SandboxError) else SandboxError(f"the box went away: {err}") from err
    finally:
        for descriptor in (info_read, info_write, block_read, block_write, filter_read):
            if descriptor >= 0:
                os.close(descriptor)
    return Launched(process, pid, group)


def _file_of(data: bytes | None) -> int:
    """Return a descriptor that reads ``data``, or -1 for None."""
    if data is None:
        return -1
    descriptor = os.memfd_create("filter")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _abandon(process: subprocess.Popen[bytes]) -> None:
    """Kill a bubblewrap that will not be used, and let go of its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _prefix(prlimit: str | None, bounds: Mapping[int, tuple[int, int]]) -> list[str]:
    """A process lowers its own limits: root without CAP_SYS_RESOURCE cannot set those of another user."""
    if prlimit is None:
        return []
    return [
        prlimit,
        *(f"--{PRLIMIT_NAMES[kind]}={soft}:{hard}" for kind, (soft, hard) in bounds.items()),
        "--",
    ]


def _spawn(argv: list[str], uid: int | None, pass_fds: tuple[int, ...], stdin: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}, cwd="/",
            pass_fds=pass_fds, user=uid, group=uid, extra_groups=None if uid is None else [],
        )  # fmt: skip
    except OSError as err:
        raise SandboxError(f"cannot start {argv[0]}: {err.strerror}") from err


def _child_pid(info: int, process: subprocess.Popen[bytes]) -> int:
    said = b""
    while b"}" not in said:
        ready, _, _ = select.select([info], [], [], START_S)
        part = os.read(info, 4096) if ready else b""
        if not part:
            process.kill()
            _, stderr = process.communicate()
            why = stderr.decode("utf-8", "replace").strip()[:300]
            raise SandboxError(f"bubblewrap could not make a box: {why or 'no answer'}")
        said += part
    return int(json.loads(said)["child-pid"])


def _bounds(limits: Limits, alone: bool, bounded_disk: bool) -> dict[int, tuple[int, int]]:
    """Resource limits, soft and hard; ``alone`` when no control group bounds memory and processes."""
    cpu = max(1, round(limits.cpu_s))
    bounds = {resource.RLIMIT_CORE: (0, 0), resource.RLIMIT_CPU: (cpu, cpu + 1)}
    bounds[resource.RLIMIT_NOFILE] = (OPEN_FILES, OPEN_FILES)
    if alone:
        # Address space is far larger than resident memory: the watch names the limit, this stops a burst.
        space, pids = (2 * limits.memory_mb + 512) << 20, limits.pids + SPARE_PIDS
        bounds |= {resource.RLIMIT_AS: (space, space), resource.RLIMIT_NPROC: (pids, pids)}
    if not bounded_disk:
        size = limits.disk_mb << 20
        bounds[resource.RLIMIT_FSIZE] = (size, size)
    return {kind: _within(resource.getrlimit(kind)[1], *bound) for kind, bound in bounds.items()}


def _within(highest: int, soft: int, hard: int) -> tuple[int, int]:
    """Lower a bound to what this process itself may have at most."""
    return (soft, hard) if highest == resource.RLIM_INFINITY else (min(soft, highest), min(hard, highest))
