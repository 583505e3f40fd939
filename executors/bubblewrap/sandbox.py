"""Boxes made of namespaces by bubblewrap: no daemon, no image, 6 ms to start.

Run as root, each box is launched under a user id of its own, bounded by control groups and a sized
tmpfs. Run as a user, the box is that user in a namespace without privileges, bounded by resource
limits and watches. No seccomp filter is installed: the kernel's system calls are all reachable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from repowright.executors.bubblewrap.launch import Launched, launch
from repowright.executors.bubblewrap.namespaces import environment_arguments, file_system, isolation
from repowright.executors.bubblewrap.slots import Slot, take_slot
from repowright.executors.cache import cache_root
from repowright.executors.images.runtime import VENV, Interpreter, Runtime, prepare_runtime
from repowright.executors.limits import cgroup
from repowright.executors.limits.capture import Captured, PipeSource, collect
from repowright.executors.limits.cgroup import ControlGroup
from repowright.executors.limits.environment import KILLED_CODE, ended_by, full_environment
from repowright.executors.limits.watch import (
    Check,
    first_of,
    watch_filesystem,
    watch_folders,
    watch_group,
    watch_tree,
)
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError, SandboxUnavailable
from repowright.executors.workspace import HostWorkspace

PROBE_S = 10.0
PROBE_UID = 65534
DEATH_S = 10.0
NOT_FOUND_CODE = 127


class BubblewrapSandbox:
    """Opens boxes with bubblewrap.

    Parameters
    ----------
    cache
        Where the runtime and the boxes live; ``cache_root()`` when None.
    kernel_bounds
        Bound boxes by control groups and a sized tmpfs where this process may; else, and elsewhere,
        by resource limits and watches, which let a burst through for some 50 ms.
    interpreter
        What boxes run; the system's Python, or a copy of the running one, when None.

    Raises
    ------
    SandboxUnavailable
        If no bubblewrap on this machine can make a box.
    """

    name = "bubblewrap"
    python = f"{VENV}/bin/python"

    def __init__(
        self,
        cache: Path | None = None,
        *,
        kernel_bounds: bool = True,
        interpreter: Interpreter | None = None,
    ) -> None:
        self._cache = cache or cache_root()
        self._runtime = prepare_runtime(self._cache, interpreter)
        self._binary = find_bwrap(self._runtime)
        self._kernel_bounds = kernel_bounds
        self._boxes: set[BubblewrapBox] = set()
        self._guard = threading.Lock()

    @property
    def detail(self) -> str:
        """Versions of Python and pytest, for people."""
        version = ".".join(map(str, self._runtime.interpreter.version))
        return f"{self._binary.name}, Python {version}, pytest {self._runtime.tool_versions()['pytest']}"

    def open(self, limits: Limits) -> BubblewrapBox:
        """Open a box with an empty workspace."""
        slot = take_slot(self._cache, limits, mount=self._kernel_bounds)
        group = cgroup.create(slot.name, limits) if self._kernel_bounds and slot.uid is not None else None
        box = BubblewrapBox(self._binary, self._runtime, slot, group, self._forget)
        with self._guard:
            self._boxes.add(box)
        return box

    def close(self) -> None:
        """Remove every box this sandbox opened."""
        with self._guard:
            boxes = list(self._boxes)
        for box in boxes:
            box.close()

    def _forget(self, box: BubblewrapBox) -> None:
        with self._guard:
            self._boxes.discard(box)


def find_bwrap(runtime: Runtime) -> Path:
    """Return the first bubblewrap that makes a box here: the bundled one, then that of PATH.

    Raises
    ------
    SandboxUnavailable
        If there is none, or the kernel refuses user namespaces to all.
    """
    on_path = shutil.which("bwrap")
    said = "no bwrap binary found"
    for binary in (runtime.bwrap, Path(on_path) if on_path else None):
        if binary is not None:
            said = _probe(binary, runtime)
            if not said:
                return binary
    hint = "install bubblewrap 0.8 or later and allow unprivileged user namespaces"
    raise SandboxUnavailable(f"bubblewrap cannot make a box here: {said}", hint)


def _probe(binary: Path, runtime: Runtime) -> str:
    argv = [str(binary), *isolation(), *file_system(runtime, None, None), "--", "/usr/bin/env", "true"]
    uid = PROBE_UID if os.geteuid() == 0 else None
    groups: list[int] | None = [] if uid is not None else None
    try:
        done = subprocess.run(
            argv, capture_output=True, timeout=PROBE_S, env={}, user=uid, group=uid, extra_groups=groups
        )
    except (OSError, subprocess.SubprocessError) as err:
        return str(err)
    said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    return "" if done.returncode == 0 else said or f"exit code {done.returncode}"


def _start_failure(said: str) -> int:
    """Exit code of a command that is not there; any other complaint of bubblewrap is an error of the box."""
    if said.startswith("bwrap: execvp "):
        return NOT_FOUND_CODE
    raise SandboxError(f"bubblewrap could not start the command: {said.strip()[:300]}")


class BubblewrapBox:
    """One workspace; each command runs in fresh namespaces around it."""

    def __init__(
        self,
        binary: Path,
        runtime: Runtime,
        slot: Slot,
        group: ControlGroup | None,
        closed: Callable[[BubblewrapBox], None],
    ) -> None:
        self._slot = slot
        self._group = group
        self._closed = closed
        self._environment = runtime.environment
        self._prefix = [str(binary), *isolation(), *file_system(runtime, slot.workspace, slot.tmp)]
        self._files = HostWorkspace(slot.workspace, slot.uid)
        self._running: Launched | None = None
        self._is_closed = False
        self.spent = False

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files into the workspace."""
        self._check_usable()
        self._files.put(files)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back, of a spent box too."""
        if self._is_closed:
            raise SandboxError("the box is closed")
        return self._files.get(paths, max_bytes)

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""
        self._check_usable()
        started = time.monotonic()
        command = [*self._prefix, *environment_arguments({**self._environment, **full_environment(env)}), "--", *argv]
        launched = launch(command, self._slot.uid, limits, self._group, bounded_disk=self._slot.bounded)
        self._running = launched
        try:
            check = first_of(self._checks(launched.pid, limits))
            source = PipeSource(launched.process)
            captured = collect(source, limits.wall_s, limits.output_bytes, check, launched.kill)
            code = self._wait(launched)
            ended = self._final_reason(captured, code, check)
        finally:
            launched.kill()
            launched.close()
            self._running = None
        if ended is Ended.EXITED and code == 1 and captured.stderr.startswith("bwrap: "):
            code = _start_failure(captured.stderr)
        self.spent = ended is not Ended.EXITED
        code = code if ended is Ended.EXITED else KILLED_CODE
        duration = time.monotonic() - started
        return Outcome(code, captured.stdout, captured.stderr, duration, ended, captured.truncated)

    def close(self) -> None:
        """Kill what still runs and remove the box."""
        if self._is_closed:
            return
        self._is_closed = True
        self.spent = True
        if self._running is not None:
            self._running.kill()
        if self._group is not None:
            self._group.remove()
        self._slot.release()
        self._closed(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_usable(self) -> None:
        if self.spent:
            raise SandboxError("the box is closed or spent", "open a new one")

    def _checks(self, pid: int, limits: Limits) -> list[Check]:
        disk = (
            watch_filesystem(self._slot.folder)
            if self._slot.bounded
            else watch_folders((self._slot.workspace, self._slot.tmp), limits.disk_mb, pid)
        )
        return [watch_tree(pid, limits) if self._group is None else watch_group(self._group, limits), disk]

    def _wait(self, launched: Launched) -> int:
        try:
            return launched.process.wait(DEATH_S)
        except subprocess.TimeoutExpired as err:
            raise SandboxError("a killed box does not die", "look for processes in uninterruptible sleep") from err

    def _final_reason(self, captured: Captured, code: int, check: Check) -> Ended:
        if captured.ended is not Ended.EXITED:
            return captured.ended
        return check() or ended_by(code if code >= 0 else 128 - code)
