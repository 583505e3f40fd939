"""Boxes made of namespaces by bubblewrap: no daemon, no image, 6 ms to start.

Run as root, each box is launched under a user id of its own, bounded by control groups and a sized
tmpfs. Run as a user, the box is that user in a namespace without privileges, bounded by resource
limits and watches. A filter refuses the system calls that no build or test needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from repowright.executors.binds import Bind
from repowright.executors.bubblewrap.launch import Launched, launch
from repowright.executors.bubblewrap.namespaces import environment_arguments, file_system, isolation
from repowright.executors.bubblewrap.seccomp import system_call_filter
from repowright.executors.bubblewrap.slots import INODES, Slot, take_slot
from repowright.executors.cache import cache_root
from repowright.executors.images.host_toolchains import toolchain_binds
from repowright.executors.images.runtime import VENV, Interpreter, Runtime, prepare_runtime
from repowright.executors.limits import cgroup
from repowright.executors.limits.capture import Captured, PipeSource, collect
from repowright.executors.limits.cgroup import ControlGroup
from repowright.executors.limits.defences import ALL_ON, Defence, Without, relaxed
from repowright.executors.limits.environment import KILLED_CODE, ended_by, full_environment
from repowright.executors.limits.watch import (
    Check,
    first_of,
    watch_filesystem,
    watch_folders,
    watch_group,
    watch_tree,
)
from repowright.executors.reaping import reap_files
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError, SandboxUnavailable
from repowright.executors.trees import TRANSFER, Changes, Snapshot, Synced, TransferBounds, Tree
from repowright.executors.workspace import HostWorkspace, Tracked

if TYPE_CHECKING:
    from repowright.executors.bubblewrap.warm import WarmBubblewrapBox

Opened = TypeVar("Opened", bound="BubblewrapBox")
PROBE_S = 10.0
PROBE_UID = 65534
DEATH_S = 10.0
NOT_FOUND_CODE = 127
GROUP_DEFENCES = frozenset({Defence.MEMORY, Defence.PIDS, Defence.CPU})
"""What a control group bounds; without all of them there is none."""
UNBOUNDED_INODES = 0


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
    toolchains
        Names of toolchains of this machine that boxes can use, such as ``rust``.
    binds
        What else boxes see of this machine, read-only.
    without
        Defences to leave out, for tests of the defences only.

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
        toolchains: Sequence[str] = (),
        binds: Sequence[Bind] = (),
        without: Without = ALL_ON,
    ) -> None:
        self._without = without
        self._cache = cache or cache_root()
        runtime = prepare_runtime(self._cache, interpreter)
        self._runtime = replace(runtime, binds=(*toolchain_binds(self._cache, toolchains), *binds))
        self._binary = find_bwrap(self._runtime)
        self._kernel_bounds = kernel_bounds
        self._boxes: set[BubblewrapBox] = set()
        self._guard = threading.Lock()
        reap_files([self._cache], time.time())

    @property
    def cache(self) -> Path:
        """Where the runtime and the boxes live."""
        return self._cache

    @property
    def keeps_running(self) -> bool:
        """A program in a warm box takes one command after another, where control groups show what runs there."""
        return self._kernel_bounds and os.geteuid() == 0

    @property
    def binary(self) -> Path:
        """The bubblewrap that makes the boxes."""
        return self._binary

    @property
    def runtime(self) -> Runtime:
        """What boxes are made of."""
        return self._runtime

    @property
    def detail(self) -> str:
        """Versions of Python and pytest, for people."""
        version = ".".join(map(str, self._runtime.interpreter.version))
        return f"{self._binary.name}, Python {version}, pytest {self._runtime.tool_versions()['pytest']}"

    def open(self, limits: Limits) -> BubblewrapBox:
        """Open a box with an empty workspace."""
        return self._opened(limits, BubblewrapBox)

    def open_warm(self, limits: Limits) -> WarmBubblewrapBox:
        """Open a box that can be cleaned and used again."""
        from repowright.executors.bubblewrap.warm import WarmBubblewrapBox

        return self._opened(limits, WarmBubblewrapBox)

    def _opened(self, limits: Limits, kind: type[Opened]) -> Opened:
        limits = relaxed(limits, self._without)
        inodes = UNBOUNDED_INODES if Defence.INODES in self._without else INODES
        slot = take_slot(self._cache, limits, mount=self._kernel_bounds, inodes=inodes)
        if Defence.USER in self._without:
            slot = _taken_back(slot)
        grouped = self._kernel_bounds and slot.uid is not None and not self._without >= GROUP_DEFENCES
        group = cgroup.create(slot.name, limits) if grouped else None
        try:
            box = kind(self._binary, self._runtime, slot, group, self._forget, limits=limits, without=self._without)
        except BaseException:
            if group is not None:
                group.remove()
            slot.release()
            raise
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


def _taken_back(slot: Slot) -> Slot:
    """Give a slot's folders to the user of this process, who then runs the box."""
    for folder in (slot.folder, slot.workspace, slot.tmp):
        os.chown(folder, os.geteuid(), os.getegid())
    return replace(slot, uid=None)


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
        *,
        limits: Limits,
        without: Without = ALL_ON,
    ) -> None:
        self._limits = limits
        self._without = without
        self._slot = slot
        self._group = group
        self._closed = closed
        self._python = BubblewrapSandbox.python
        self._environment = runtime.environment
        self._prefix = [str(binary), *isolation(without=without)]
        self._prefix += file_system(runtime, slot.workspace, slot.tmp, without=without)
        self._filter = None if Defence.SECCOMP in without else system_call_filter()
        self._files = HostWorkspace(slot.workspace, slot.uid)
        self._tracked = Tracked(self._files)
        self._running: Launched | None = None
        self._is_closed = False
        self.spent = False

    def put(self, files: Tree) -> None:
        """Write files into the workspace."""
        self._check_usable()
        self._tracked.put(files)

    def sync(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree, sending only what differs."""
        self._check_usable()
        return self._tracked.sync(tree, bounds)

    def changes(self, bounds: TransferBounds = TRANSFER) -> Changes:
        """Read back what commands changed since the last transfer into the box."""
        self._check_open()
        return self._tracked.changes(bounds)

    def snapshot(self, bounds: TransferBounds = TRANSFER) -> Snapshot:
        """Read back all regular files, of a spent box too."""
        self._check_open()
        return self._tracked.snapshot(bounds)

    def restore(self, snapshot: Snapshot, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a snapshot and nothing else."""
        self._check_usable()
        return self._tracked.mirror(snapshot.files, bounds)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back, of a spent box too."""
        self._check_open()
        return self._files.get(paths, max_bytes)

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""
        self._check_usable()
        self._tracked.touched()
        started = time.monotonic()
        limits = relaxed(limits, self._without)
        variables = {**self._environment, **full_environment(env, self._without)}
        launched = launch(
            [*self._prefix, *environment_arguments(variables), "--", *argv],
            self._slot.uid,
            limits,
            self._group,
            bounded_disk=self._slot.bounded,
            call_filter=self._filter,
        )
        self._running = launched
        source = PipeSource(launched.process)
        try:
            check = first_of(self._checks(launched.pid, limits))
            captured = collect(source, limits.wall_s, limits.output_bytes, check, launched.kill)
            code = self._wait(launched)
            ended = self._final_reason(captured, code, check)
        finally:
            launched.kill()
            source.close()
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

    def _check_open(self) -> None:
        if self._is_closed:
            raise SandboxError("the box is closed")

    def _check_usable(self) -> None:
        if self.spent:
            raise SandboxError("the box is closed or spent", "open a new one")

    def _checks(self, pid: int, limits: Limits) -> list[Check]:
        disk = (
            watch_filesystem(self._slot.folder)
            if self._slot.bounded
            else watch_folders((self._slot.workspace, self._slot.tmp), limits.disk_mb, pid, self._most_files())
        )
        return [watch_tree(pid, limits) if self._group is None else watch_group(self._group, limits), disk]

    def _most_files(self) -> int | None:
        return None if Defence.INODES in self._without else INODES

    def _wait(self, launched: Launched) -> int:
        try:
            return launched.process.wait(DEATH_S)
        except subprocess.TimeoutExpired as err:
            raise SandboxError("a killed box does not die", "look for processes in uninterruptible sleep") from err

    def _final_reason(self, captured: Captured, code: int, check: Check) -> Ended:
        if captured.ended is not Ended.EXITED:
            return captured.ended
        return check() or ended_by(code if code >= 0 else 128 - code)
