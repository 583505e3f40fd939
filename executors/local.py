"""Commands run on the machine itself, unsafe: for code you would run by hand.

Only resource limits, a temporary folder and a scrubbed environment stand between the command and
the machine: it can read every file of the user, and reach the network.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from repowright.executors.bubblewrap.slots import clear
from repowright.executors.limits.capture import PipeSource, collect
from repowright.executors.limits.environment import KILLED_CODE, ended_by, full_environment
from repowright.executors.limits.watch import first_of, watch_folders, watch_tree
from repowright.executors.ownership import owned_name
from repowright.executors.reaping import reap
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError
from repowright.executors.trees import TRANSFER, Changes, Snapshot, Synced, TransferBounds, Tree
from repowright.executors.workspace import HostWorkspace, Tracked

MARK = "REPOWRIGHT_BOX"
DEATH_S = 5.0
START = """
import os, resource, sys
cpu, size, space = (int(part) for part in sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
resource.setrlimit(resource.RLIMIT_AS, (space, space))
try:
    os.execvp(sys.argv[4], sys.argv[4:])
except OSError as err:
    sys.exit(f"{sys.argv[4]}: {err.strerror}")
"""
"""Lowers its own limits, then becomes the command."""


class LocalSandbox:
    """Runs commands without isolation; never chosen unless asked for by name."""

    name = "local"
    detail = "unsafe: no isolation from this machine, its files or its network"
    python = sys.executable

    def __init__(self) -> None:
        self._boxes: set[LocalBox] = set()
        self._guard = threading.Lock()
        reap(docker=False)

    def open(self, limits: Limits) -> LocalBox:
        """Open a temporary folder as a box."""
        box = LocalBox(Path(tempfile.mkdtemp(prefix=owned_name("repowright-local-"))), self._forget)
        with self._guard:
            self._boxes.add(box)
        return box

    def close(self) -> None:
        """Remove every box this sandbox opened."""
        with self._guard:
            boxes = list(self._boxes)
        for box in boxes:
            box.close()

    def _forget(self, box: LocalBox) -> None:
        with self._guard:
            self._boxes.discard(box)


class LocalBox:
    """One temporary folder. Its path reads ``/workspace`` in what commands print, as in every other box."""

    def __init__(self, folder: Path, closed: Callable[[LocalBox], None]) -> None:
        self._folder = folder.resolve()
        self._workspace = self._folder / "workspace"
        self._tmp = self._folder / "tmp"
        self._workspace.mkdir()
        self._tmp.mkdir()
        self._files = HostWorkspace(self._workspace)
        self._tracked = Tracked(self._files)
        self._mark = owned_name("") + secrets.token_hex(8)
        self._closed = closed
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
        process = self._start(argv, limits, env)
        source = PipeSource(process)
        check = first_of([watch_tree(process.pid, limits), watch_folders([self._folder], limits.disk_mb, process.pid)])
        try:
            captured = collect(source, limits.wall_s, limits.output_bytes, check, lambda: self._kill(process))
        finally:
            self._kill(process)
            source.close()
        code = process.wait(DEATH_S)
        code = code if code >= 0 else 128 - code
        ended = captured.ended if captured.ended is not Ended.EXITED else check() or ended_by(code)
        self.spent = ended is not Ended.EXITED
        code = code if ended is Ended.EXITED else KILLED_CODE
        duration = time.monotonic() - started
        return Outcome(
            code,
            self._shown(captured.stdout),
            self._shown(captured.stderr),
            duration,
            ended,
            captured.truncated,
        )

    def close(self) -> None:
        """Kill what still runs and remove the folder."""
        if self._is_closed:
            return
        self._is_closed = True
        self.spent = True
        _kill_marked(self._mark)
        clear(self._folder)
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

    def _shown(self, text: str) -> str:
        return text.replace(str(self._folder), "")

    def _start(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        own = {"HOME": str(self._tmp), "TMPDIR": str(self._tmp), MARK: self._mark}
        path = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
        bounds = (max(1, round(limits.cpu_s)), limits.disk_mb << 20, (2 * limits.memory_mb + 512) << 20)
        command = [sys.executable, "-I", "-S", "-c", START, *map(str, bounds), *argv]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self._workspace, env=full_environment({**path, **(env or {}), **own}), start_new_session=True,
        )  # fmt: skip

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the process group, then whatever left it but still carries the box's mark."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        _kill_marked(self._mark)


def _kill_marked(mark: str) -> None:
    wanted = f"{MARK}={mark}".encode()
    for _ in range(50):
        found = [pid for pid in _processes() if wanted in _environment_of(pid)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:
        return []


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
