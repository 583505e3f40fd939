"""One container as a box."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from repowright.executors.archives import check_archive, is_plain
from repowright.executors.beneath import PLAIN, RUNNABLE
from repowright.executors.docker.client import TIMEOUT_S, Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.docker.hardening import box_user
from repowright.executors.limits import cgroup
from repowright.executors.limits.capture import STDERR, STDOUT, Capture, Captured, collect
from repowright.executors.limits.defences import ALL_ON, Without, relaxed
from repowright.executors.limits.environment import KILLED_CODE, ended_by, full_environment
from repowright.executors.limits.watch import Check, first_of, watch_filesystem, watch_group
from repowright.executors.sandbox import Ended, Limits, Outcome, SandboxError, SandboxLost
from repowright.executors.trees import TRANSFER, Changes, Snapshot, Synced, TransferBounds, Tree
from repowright.executors.warm.program import REPLY_BYTES, Answer, BoxFiles, program
from repowright.executors.workspace import Tracked, checked_files, checked_parts

SCRIPT = 'read -r go; ulimit -c 0; ulimit -S -t "$1"; ulimit -H -t "$2"; shift 2; exec "$@" </dev/null'
"""Waits for a line before the command prints: what comes with the reply's header would be lost."""
COUNTERS = """
for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r $file ] && sed -n 's/^oom_kill /memory /p' $file
done
for file in /sys/fs/cgroup/pids.events /sys/fs/cgroup/pids/pids.events; do
  [ -r $file ] && sed -n 's/^max /pids /p' $file
done
for folder in /workspace /tmp; do
  [ "$(stat -f -c %a $folder)" = 0 ] && echo disk 1
done
"""
FOLDERS = ("/workspace", "/tmp")
HEADER_ROOM = 4096
"""Bytes of archive around one file."""


class DockerBox:
    """One container; commands are execs in it, and a limit passed kills all of it."""

    def __init__(
        self,
        daemon: Daemon,
        container: str,
        closed: Callable[[DockerBox, str], None],
        *,
        python: str = "python3",
        without: Without = ALL_ON,
    ) -> None:
        self._without = without
        self._user = box_user(without)
        self._daemon = daemon
        self._container = container
        self._closed = closed
        self._is_closed = False
        self._pid = daemon.first_pid(container)
        self._group = cgroup.of_process(self._pid, container)
        self._python = python
        self._store = BoxFiles(self._ask)
        self._tracked = Tracked(self._store)
        self.spent = False

    def put(self, files: Tree) -> None:
        """Write files into the workspace."""
        self._check_usable()
        code, _, said = self._transfer(["tar", "-x", "-f", "-"], _archive(files), HEADER_ROOM)
        if code != 0:
            raise SandboxError(f"cannot write files into the box: {said.strip()[:300]}", "is its disk full?")
        self._tracked.was_put(files)

    def sync(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree, sending only what differs."""
        self._check_usable()
        return self._tracked.sync(tree, bounds)

    def changes(self, bounds: TransferBounds = TRANSFER) -> Changes:
        """Read back what commands changed since the last transfer into the box."""
        self._check_usable()
        return self._tracked.changes(bounds)

    def snapshot(self, bounds: TransferBounds = TRANSFER) -> Snapshot:
        """Read back all regular files."""
        self._check_usable()
        return self._tracked.snapshot(bounds)

    def restore(self, snapshot: Snapshot, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a snapshot and nothing else."""
        self._check_usable()
        return self._tracked.mirror(snapshot.files, bounds)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back."""
        self._check_usable()
        wanted = {path: checked_parts(path) for path in sorted(set(paths))}
        if not wanted:
            return {}
        names = sorted({"/".join(parts[:depth]) for parts in wanted.values() for depth in range(1, len(parts) + 1)})
        argv = ["tar", "-c", "-f", "-", "--no-recursion", "--hard-dereference", "--ignore-failed-read", "--"]
        room = max_bytes + HEADER_ROOM * (len(names) + 3)
        too_much = f"the files asked for hold more than {max_bytes} bytes"
        _, data, _ = self._transfer([*argv, *(f"./{name}" for name in names)], b"", room, too_much)
        try:
            found = _extract(data, wanted)
        except tarfile.TarError as err:
            raise SandboxError(f"the box sent a broken archive: {err}", "was it cut off by what still runs?") from err
        if sum(map(len, found.values())) > max_bytes:
            raise SandboxError(too_much, "ask for fewer files")
        return found

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the workspace and wait for it."""
        self._check_usable()
        self._tracked.touched()
        started = time.monotonic()
        limits = relaxed(limits, self._without)
        cpu = max(1, round(limits.cpu_s))
        command = ["sh", "-c", SCRIPT, "sh", str(cpu), str(cpu + 1), *argv]
        exec_id, source = self._daemon.start_exec(
            self._container, command, full_environment(env, self._without), "/workspace", self._user
        )
        try:
            with daemon_errors("start a command"):
                source.send(b"go\n")
            check = first_of(self._checks(limits))

            def kill() -> None:
                # Docker kills a container 10 s late while its output waits for a reader.
                source.close()
                self._daemon.kill(self._container)

            captured = collect(source, limits.wall_s, limits.output_bytes, check, kill)
        finally:
            source.close()
        code, ended = self._end(lambda: self._code(exec_id), captured, check)
        self.spent = ended is not Ended.EXITED
        duration = time.monotonic() - started
        return Outcome(code, captured.stdout, captured.stderr, duration, ended, captured.truncated)

    def close(self) -> None:
        """Remove the container, in the background."""
        if not self._is_closed:
            self._is_closed = True
            self.spent = True
            self._closed(self, self._container)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_usable(self) -> None:
        if self.spent:
            raise SandboxError("the box is closed or spent", "open a new one")

    def _checks(self, limits: Limits) -> list[Check]:
        checks = [] if self._group is None else [watch_group(self._group, limits)]
        return checks + [watch_filesystem(folder) for folder in self._host_folders()]

    def _host_folders(self) -> list[Path]:
        """The box's folders as the host sees them, where it may: then no exec is needed to look at them."""
        if self._group is None:
            return []
        folders = [Path(f"/proc/{self._pid}/root{folder}") for folder in FOLDERS]
        try:
            return [folder for folder in folders if folder.is_dir()]
        except OSError:
            return []

    def _end(self, code_of: Callable[[], int | None], captured: Captured, check: Check) -> tuple[int, Ended]:
        if captured.ended is not Ended.EXITED:
            return KILLED_CODE, captured.ended
        passed = check()
        code = code_of()
        if passed is None and (self._group is None or (code != 0 and not self._host_folders())):
            passed = self._ask_counters()
        if passed is not None or code is None or (code != 0 and not self._is_alive()):
            return KILLED_CODE, passed or Ended.KILLED
        ended = ended_by(code)
        return (KILLED_CODE if ended is not Ended.EXITED else code), ended

    def _is_alive(self) -> bool:
        """False once the first process is gone, which Docker itself learns a little later."""
        first_gone = self._group is not None and not Path(f"/proc/{self._pid}/root").exists()
        return not first_gone and self._daemon.is_running(self._container)

    def _code(self, exec_id: str) -> int | None:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            code = self._daemon.exec_code(exec_id)
            if code is not None or not self._daemon.is_running(self._container):
                return code
            time.sleep(0.01)
        raise SandboxLost("Docker closed a command's output but says that it runs", "restart the daemon")

    def _ask_counters(self) -> Ended | None:
        """Read the counters from inside, where the host cannot; a box that cannot say is out of memory."""
        if not self._daemon.is_running(self._container):
            return None
        try:
            code, said, _ = self._transfer(["sh", "-c", COUNTERS], b"", HEADER_ROOM)
        except SandboxLost:
            if self._daemon.is_running(self._container):
                raise
            return None
        if code == KILLED_CODE:
            return Ended.MEMORY
        fields = (line.split() for line in said.decode("ascii", "replace").splitlines())
        moved = {field[0] for field in fields if len(field) == 2 and field[1] != "0"}
        return next((ended for ended in (Ended.MEMORY, Ended.PIDS, Ended.DISK) if ended in moved), None)

    def _ask(self, request: bytes, bounds: TransferBounds) -> Answer:
        """Start the program in the box for one request."""
        argv = [self._python, "-I", "-S", "-c", program(), "once", self._python]
        code, data, said = self._transfer(argv, request, bounds.bytes + REPLY_BYTES)
        answer = Answer(bounds)
        answer.feed(data)
        if answer.reply is None:
            raise SandboxLost(f"the box does not answer, code {code}: {said.strip()[-300:]}", "is its memory full?")
        return answer

    def _transfer(
        self, argv: Sequence[str], data: bytes, room: int, too_much: str = "a tool of the box says too much"
    ) -> tuple[int | None, bytes, str]:
        """Run a tool of the image with ``data`` as its input: exit code, output, error text."""
        waiting = ["sh", "-c", 'read -r go; exec "$@"', "sh", *argv]
        exec_id, source = self._daemon.start_exec(
            self._container, waiting, full_environment(None), "/workspace", self._user
        )
        capture = Capture(room)
        deadline = time.monotonic() + TIMEOUT_S
        try:
            with daemon_errors("write to a box"):
                source.send(b"go\n" + data)
            while (chunks := source.read(1.0)) is not None:
                capture.add(chunks)
                if capture.full:
                    raise SandboxError(too_much, "ask for fewer files")
                if time.monotonic() > deadline:
                    raise SandboxLost(f"{argv[0]} in the box takes longer than {TIMEOUT_S} s")
        finally:
            source.close()
        return self._code(exec_id), capture.data(STDOUT), capture.text(STDERR)


def _archive(tree: Tree) -> bytes:
    files = checked_files(tree)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, file in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(file.data)
            entry.mode = RUNNABLE if file.executable else PLAIN
            archive.addfile(entry, io.BytesIO(file.data))
    return buffer.getvalue()


def _extract(data: bytes, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, bytes]:
    regular: dict[str, bytes] = {}
    folders: set[str] = {""}
    check_archive(data)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            name = entry.name.removeprefix("./")
            if entry.isdir():
                folders.add(name)
            elif is_plain(entry, len(data)):
                file = archive.extractfile(entry)
                regular[name] = file.read() if file is not None else b""
    return {
        path: regular["/".join(parts)]
        for path, parts in wanted.items()
        if "/".join(parts) in regular and folders.issuperset(_parents(parts))
    }


def _parents(parts: Sequence[str]) -> Iterable[str]:
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
