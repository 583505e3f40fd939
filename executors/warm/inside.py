"""Runs inside a box: moves its files, runs its commands, and cleans up after them, asked over one stream.

It is sent as text behind that of ``beneath``, and needs the standard library alone. A request is 4 bytes of
length, that many of JSON, then as many bytes as its ``size`` says. An answer is frames of 1 byte kind and 4
bytes length: ``o`` and ``e`` output of a command, ``f`` a file's JSON, ``d`` its bytes, ``r`` the reply, the last.

Commands run under the same user as this program. It therefore makes itself unreadable to them (no ptrace, no
descriptors, no memory) and deaf to signals; they can kill or stop it, which the other end sees.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import stat
import sys
import time
from typing import Any

from repowright.executors.beneath import Beneath, TooMuch, Unwritten, remove

Fields = dict[str, Any]
WORKSPACE = "/workspace"
SCRATCH = ("/tmp", "/dev/shm", "/dev/mqueue")
PART = 1 << 20
DEATH_S = 3.0
PR_SET_DUMPABLE = 4
SAME = ("LANG", "LC_ALL", "TZ")
"""Variables that a running Python does not read again."""
IPC_RMID = 0
LIMITS = sorted(value for name, value in vars(resource).items() if name.startswith("RLIMIT_"))


class Gone(Exception):
    """The other end closed the stream."""


class Runner:
    """Serves requests until the stream ends; ``serve`` returns a command that a fork of it is to become."""

    def __init__(self, python: str, warm: bool) -> None:
        self.python = python
        self.warm = warm
        self.files = Beneath(WORKSPACE)
        self.verbs = {
            "write": self.write, "read": self.read, "scan": self.scan, "keep": self.keep, "reset": self.reset
        }  # fmt: skip
        if warm:
            self.harden()
            self.first = self.state()
            self.kin = set(processes())
            preload()

    def harden(self) -> None:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            with contextlib.suppress(OSError):
                signal.signal(number, signal.SIG_IGN)

    def serve(self) -> list[str]:
        while True:
            try:
                size = int.from_bytes(take(4), "big")
                request = json.loads(take(size))
                data = take(request.get("size", 0))
            except Gone:
                return []
            if request["do"] == "run":
                if self.run(request):
                    return list(request["argv"])
            else:
                self.answer(request, data)
            if not self.warm:
                return []

    def answer(self, request: Fields, data: bytes) -> None:
        try:
            reply = self.verbs[request["do"]](request, data)
        except Unwritten as err:
            reply = {"unwritten": err.path, "why": err.why}
        except (TooMuch, OSError, RecursionError) as err:
            reply = {"failed": str(err)}
        say(b"r", json.dumps(reply).encode())

    def write(self, request: Fields, data: bytes) -> Fields:
        self.files.remove(request["remove"])
        files, at = [], 0
        for path, size, executable in request["files"]:
            files.append((path, data[at : at + size], executable))
            at += size
        self.files.write(files)
        return {}

    def read(self, request: Fields, data: bytes) -> Fields:
        left, bounds = request["bytes"], (request["entries"], request["bytes"], request["seconds"])
        names = request["paths"] if request["paths"] is not None else self.files.names(*bounds)
        for path in sorted(names):
            found = self.files.read(path, left)
            if found is None:
                continue
            content, executable = found
            left -= len(content)
            if left < 0:
                raise TooMuch(f"the files hold more than {request['bytes']} bytes")
            say(b"f", json.dumps([path, len(content), executable]).encode())
            for start in range(0, len(content), PART):
                say(b"d", content[start : start + PART])
        return {}

    def scan(self, request: Fields, data: bytes) -> Fields:
        return {"found": self.files.scan(request["entries"], request["bytes"], request["seconds"])}

    def keep(self, request: Fields, data: bytes) -> Fields:
        bounds = request["entries"], request["bytes"], request["seconds"]
        missing, removed = self.files.keep(json.loads(data), *bounds)
        return {"missing": missing, "removed": removed}

    def run(self, request: Fields) -> bool:
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        child = os.fork()
        if child == 0:
            return self.become(request, out_end, err_end)
        os.close(out_end)
        os.close(err_end)
        code = relay(child, {out: b"o", err: b"e"})
        say(b"r", json.dumps({"code": code}).encode())
        return False

    def become(self, request: Fields, out: int, err: int) -> bool:
        """Turn a fork into the command; True where it is a module that is loaded already."""
        try:
            os.setsid()
            for target, source in enumerate((os.open("/dev/null", os.O_RDONLY), out, err)):
                os.dup2(source, target)
            os.closerange(3, 1024)
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
                with contextlib.suppress(OSError):
                    signal.signal(number, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (request["cpu"], request["cpu"] + 1))
            os.chdir(WORKSPACE)
            if self.is_loaded(request):
                take_on(request)
                return True
            os.execvpe(request["argv"][0], request["argv"], request["environment"])
        except FileNotFoundError:
            os.write(2, f"sh: 1: exec: {request['argv'][0]}: not found\n".encode())
            os._exit(127)
        except OSError as error:
            os.write(2, f"sh: 1: exec: {request['argv'][0]}: {error.strerror}\n".encode())
            os._exit(126)

    def is_loaded(self, request: Fields) -> bool:
        if request["argv"][:3] != [self.python, "-m", "pytest"] or "pytest" not in sys.modules:
            return False
        wanted, mine = request["environment"], os.environ
        names = {name for name in (*wanted, *mine) if name.startswith("PYTHON") or name in SAME} - {"PYTHONPATH"}
        places = [os.path.join(folder, "") for folder in wanted.get("PYTHONPATH", "").split(":") if folder]
        custom = any(os.path.exists(f"{place}{name}customize.py") for place in places for name in ("site", "user"))
        return not custom and all(wanted.get(name) == mine.get(name) for name in names)

    def reset(self, request: Fields, data: bytes) -> Fields:
        """Kill every process but the first ones, empty all but the workspace, and say what is not as at first."""
        left = self.kill()
        for folder in SCRATCH:
            empty(folder)
        remove_ipc()
        for place, mode in self.first["modes"].items():
            if stat.S_IMODE(os.stat(place).st_mode) != mode:
                os.chmod(place, mode)
        state = self.state()
        changed = sorted(name for name in state if state[name] != self.first[name])
        return {"left": left, "changed": changed}

    def kill(self) -> list[int]:
        """Linux leaves out the caller, and those of another user cannot be signalled."""
        deadline = time.monotonic() + DEATH_S
        while True:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            left = sorted(set(processes()) - self.kin)
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.001)

    def state(self) -> Fields:
        """What commands could change of the box, or of this program, that outlives them."""
        places = (WORKSPACE, *SCRATCH)
        there = [place for place in places if os.path.isdir(place)]
        return {
            "limits": [resource.getrlimit(kind) for kind in LIMITS],
            "priority": [os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)],
            "cores": sorted(os.sched_getaffinity(0)),
            "modes": {place: stat.S_IMODE(os.stat(place).st_mode) for place in there},
            "attributes": {place: os.listxattr(place) for place in there},
            "files": {place: os.listdir(place) for place in there if place != WORKSPACE},
            "open files": {place: inodes(place) for place in there if device(place) != device(WORKSPACE)},
            "shared memory": [ids(kind) for kind in ("shm", "sem", "msg")],
            "sockets": sockets(),
        }


def take(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, min(size, PART))
        if not part:
            raise Gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def say(kind: bytes, data: bytes) -> None:
    left = memoryview(kind + len(data).to_bytes(4, "big") + data)
    while left:
        left = left[os.write(1, left) :]


def relay(child: int, streams: dict[int, bytes]) -> int:
    """Hand on what a command prints until it is gone and its pipes are closed or silent; return its exit code."""
    poll = select.poll()
    for stream in streams:
        poll.register(stream, select.POLLIN)
    watch = os.pidfd_open(child)
    poll.register(watch, select.POLLIN)
    code: int | None = None
    while streams or code is None:
        ready = [number for number, _ in poll.poll(None if code is None else 0)]
        if not ready:
            break
        for number in ready:
            if number == watch:
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                poll.unregister(watch)
                continue
            part = os.read(number, PART)
            if part:
                say(streams[number], part)
            else:
                poll.unregister(number)
                os.close(number)
                del streams[number]
    for number in (watch, *streams):
        os.close(number)
    return 127 if code is None else code if code >= 0 else 128 - code


def preload() -> None:
    """Load pytest and what it always loads: forks have it at once."""
    with contextlib.suppress(ImportError):
        import gc

        from _pytest.config import default_plugins

        for name in default_plugins:
            __import__(f"_pytest.{name}")
        gc.collect()
        gc.freeze()


def take_on(request: Fields) -> None:
    """Make a fork of this interpreter look like one that was started for the command."""
    os.environ.clear()
    os.environ.update(request["environment"])
    folders = [os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(":") if folder]
    sys.path[:0] = [WORKSPACE, *folders]
    sys.argv = ["-m", *request["argv"][3:]]
    sys.orig_argv = list(request["argv"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def empty(folder: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in os.listdir(here):
                with contextlib.suppress(OSError):
                    state = os.stat(name, dir_fd=here, follow_symlinks=False)
                    remove(here, name, stat.S_ISDIR(state.st_mode))
        finally:
            os.close(here)


def device(folder: str) -> int:
    return os.stat(folder).st_dev


def inodes(folder: str) -> int:
    state = os.statvfs(folder)
    return state.f_files - state.f_ffree


def ids(kind: str) -> list[int]:
    try:
        with open(f"/proc/sysvipc/{kind}") as file:
            return [int(line.split()[1]) for line in file.readlines()[1:]]
    except OSError:
        return []


def remove_ipc() -> None:
    system = ctypes.CDLL(None)
    for number in ids("shm"):
        system.shmctl(number, IPC_RMID, None)
    for number in ids("msg"):
        system.msgctl(number, IPC_RMID, None)
    for number in ids("sem"):
        system.semctl(number, 0, IPC_RMID)


def sockets() -> int:
    """Count sockets, those of ended connections too: for a minute nobody else can listen on their port."""
    count = 0
    for kind in ("tcp", "tcp6", "udp", "udp6", "unix"):
        with contextlib.suppress(OSError), open(f"/proc/net/{kind}") as file:
            count += len(file.readlines()) - 1
    return count


def main() -> list[str]:
    """Serve; return the arguments of the module that this fork is to run, if any."""
    sys.path[:] = [path for path in sys.path if path]
    os.chdir("/")
    return Runner(sys.argv[2], sys.argv[1] == "serve").serve()


if __name__ == "__main__" and main():
    import runpy

    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
