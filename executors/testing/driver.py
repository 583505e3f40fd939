"""Runs the commands of a test run inside a box and tells, marked with a secret, how they ended and what they wrote.

It is put into the box as text with its plan filled in, never imported by this package, and needs the
standard library alone. Its file, which holds the secret, is removed before any command starts.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import json
import os
import select
import signal
import subprocess
import sys
import time
import zlib
from typing import IO, Any

PLAN = "@plan@"
CHUNK = 1 << 20
POLL_S = 0.02
WORKSPACE = b"/workspace"
KILL_ROUNDS = 100
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


class Driver:
    """Runs step after step until one that is needed fails, or the time is over."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"reports-{os.urandom(8).hex()}")
        os.mkdir(self.folder, 0o700)
        self.here = os.getcwd().encode()
        self.deadline = time.monotonic() + plan["wall_s"]
        self.left = plan["report_bytes"]

    def send(self, kind: str, **fields: object) -> None:
        text = json.dumps({"kind": kind, **fields})
        data = f"\x1e{self.plan['secret']}{text}\x1f\n".encode()
        while data:
            data = data[os.write(1, data) :]

    def run(self) -> None:
        ended = "exited"
        for step in self.plan["steps"]:
            code, ended, duration = self.run_step(step)
            self.send("step", name=step["name"], exit_code=code, duration_s=duration)
            if ended != "exited" or (code and step["needed"]):
                break
        self.send("end", ended=ended)

    def run_step(self, step: dict[str, Any]) -> tuple[int, str, float]:
        for pattern in step["reports"]:
            for path in self.matches(pattern):
                os.unlink(path)
        started = time.monotonic()
        code, ended, output = self.run_command(step)
        duration = time.monotonic() - started
        for pattern in step["reports"]:
            for path in self.matches(pattern):
                self.ship_file(path)
        if output is not None:
            self.ship("output", bytes(output))
        return code, ended, duration

    def run_command(self, step: dict[str, Any]) -> tuple[int, str, bytearray | None]:
        environment = {**os.environ, **{name: self.filled(text) for name, text in step["environment"].items()}}
        argv = [self.filled(part) for part in step["argv"]]
        pipe = subprocess.PIPE if step["output_is_report"] else None
        try:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=pipe, env=environment, start_new_session=True
            )
        except OSError as err:
            sys.stderr.write(f"{argv[0]}: {err.strerror}\n")
            return 127, "exited", None
        output = None if process.stdout is None else bytearray()
        ended = self.wait(process, output)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        kill_children()
        if process.stdout is not None and output is not None:
            self.drain(process.stdout, output)
            process.stdout.close()
        return (code if code >= 0 else 128 - code), ended, output

    def wait(self, process: subprocess.Popen[bytes], output: bytearray | None) -> str:
        with contextlib.ExitStack() as stack:
            watched = end_of(process, stack)
            stream = process.stdout
            while process.poll() is None:
                left = self.deadline - time.monotonic()
                if left <= 0:
                    return "time"
                sources = [*watched, *([stream.fileno()] if stream else [])]
                ready = select.select(sources, [], [], left if watched else min(left, POLL_S))[0]
                if stream is None or output is None or stream.fileno() not in ready:
                    continue
                part = os.read(stream.fileno(), CHUNK)
                output += part
                if len(output) > self.plan["report_bytes"]:
                    return "output"
                if not part:
                    # It closed its output and runs on: only its end is left to wait for.
                    stream = None
        return "exited"

    def drain(self, stream: IO[bytes], output: bytearray) -> None:
        """Take what is left in the pipe; all who could write more are dead."""
        while len(output) <= self.plan["report_bytes"] and select.select([stream], [], [], 0)[0]:
            part = os.read(stream.fileno(), CHUNK)
            if not part:
                return
            output += part

    def filled(self, text: str) -> str:
        return text.replace("@reports@", self.folder).replace("@workspace@", os.getcwd())

    def matches(self, pattern: str) -> list[str]:
        """Regular files that fit; links are neither found nor followed."""
        folder, _, name = self.filled(pattern).rpartition("/")
        anywhere, folder = folder.startswith("**/"), folder[3:] if folder.startswith("**/") else folder
        places = [path for path, _, _ in os.walk(".") if path.endswith("/" + folder)] if anywhere else [folder or "."]
        found = []
        for place in places:
            with contextlib.suppress(OSError), os.scandir(place) as entries:
                matching = (entry for entry in entries if fnmatch.fnmatchcase(entry.name, name))
                found += [entry.path for entry in matching if entry.is_file(follow_symlinks=False)]
        return sorted(found)

    def shown(self, path: str) -> str:
        return os.path.relpath(path, self.folder if path.startswith(self.folder) else ".").replace(os.sep, "/")

    def ship_file(self, path: str) -> None:
        name, size = self.shown(path), os.path.getsize(path)
        if size > self.left:
            self.send("cut", name=name, size=size)
            return
        with open(path, "rb") as file:
            self.ship(name, file.read(size))

    def ship(self, name: str, data: bytes) -> None:
        if len(data) > self.left:
            self.send("cut", name=name, size=len(data))
            return
        self.left -= len(data)
        if self.here != WORKSPACE:
            data = data.replace(self.here, WORKSPACE)
        packed = base64.b64encode(zlib.compress(data, 1)).decode()
        for start in range(0, max(1, len(packed)), CHUNK):
            last = start + CHUNK >= len(packed)
            self.send("file", name=name, part=packed[start : start + CHUNK], last=last)


def end_of(process: subprocess.Popen[bytes], stack: contextlib.ExitStack) -> list[int]:
    """A descriptor that is ready to read when the process has ended; none where the kernel refuses it."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        return []
    stack.callback(os.close, descriptor)
    return [descriptor]


def shield() -> None:
    """Become the parent of every orphan, and closed to the eyes of processes of the same user."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def kill_children() -> None:
    """Kill all that a command left behind: orphans become children of this process."""
    for _ in range(KILL_ROUNDS):
        pids = children()
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def children() -> list[int]:
    own, found = str(os.getpid()), []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[1] == own:
                found.append(int(name))
    return found


if __name__ == "__main__":
    os.unlink(__file__)
    shield()
    Driver(json.loads(PLAN)).run()
