"""Commands as processes of their own, forked from one that has imported all of it: a start takes no seconds."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO, cast

HEAVY = (
    "langgraph.checkpoint.sqlite.aio",
    "openai.resources.chat.completions",
    "repowright.agent.chat.opening",
    "repowright.agent.workflows.generate.session",
    "repowright.tui.app.app",
    "repowright.tui.app.headless",
    "repowright.tui.app.screens.chat",
    "repowright.tui.cli",
)
ROOMY = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}


@dataclass
class Born:
    """A command that runs, its standard streams files or a terminal."""

    nursery: Nursery
    pid: int
    out: Path
    err: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; ``None`` while it runs."""
        if self.code is None:
            self.code = self.nursery.ask({"poll": self.pid})["code"]
        return self.code

    def wait(self, seconds: float = 60) -> int:
        """Wait for its end."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
                raise AssertionError(f"it still ran after {seconds} s: {self.err.read_text()[-2000:]}")
            time.sleep(0.01)
        return code

    def send(self, number: int) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as no program can help."""
        self.send(signal.SIGKILL)
        self.wait(30)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its standard output as JSON lines."""
        return [json.loads(line) for line in self.out.read_text().splitlines()]


class Terminal:
    """A terminal that somebody types in; what is drawn is read and kept."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        self.name = os.ttyname(self._slave)
        self.drawn = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, text: str) -> None:
        """Type a line and press Enter."""
        os.write(self._master, text.encode() + b"\r")

    def press(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def close(self) -> None:
        """Take the terminal away."""
        os.close(self._slave)
        self._reader.join(5)
        os.close(self._master)

    def _read(self) -> None:
        with suppress(OSError):
            while piece := os.read(self._master, 65_536):
                self.drawn = (self.drawn + piece)[-200_000:]


class Nursery:
    """The process that commands are forked from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        environ = {**os.environ, "PYTHONPATH": path, "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback"}
        argv = [sys.executable, "-W", "ignore", str(Path(__file__).resolve())]
        self._work = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, cwd=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._work.stdin is not None
        assert self._work.stdout is not None
        self._work.stdin.close()
        self._work.wait(30)
        self._work.stdout.close()

    def start(
        self, *argv: str, environ: Mapping[str, str], terminal: Terminal | None = None, out: Path | None = None
    ) -> Born:
        """Run a command of the command line.

        Parameters
        ----------
        out
            Where its standard output goes; a file of its own if it is not given.
        """
        self._count += 1
        err, target = self._folder / f"{self._count}.err", out or self._folder / f"{self._count}.out"
        wish = {"argv": argv, "environ": dict(environ), "out": str(target), "err": str(err)}
        told = self.ask({**wish, "terminal": terminal.name if terminal else ""})
        return Born(self, told["pid"], target, err)

    def ask(self, wish: Mapping[str, object]) -> dict[str, Any]:
        """Send a line and return the one that comes back."""
        assert self._work.stdin is not None
        assert self._work.stdout is not None
        self._work.stdin.write(json.dumps(wish).encode() + b"\n")
        self._work.stdin.flush()
        answer: dict[str, Any] = json.loads(self._work.stdout.readline())
        return answer


def _polled(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _be(wish: Mapping[str, Any]) -> None:
    """Become the command, in a session of its own."""
    os.setsid()
    # Whoever runs the tests under nohup has them ignore what a terminal that goes away says.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.update(wish["environ"])
    if wish["terminal"]:
        os.environ.update(ROOMY)
        streams = [os.open(wish["terminal"], os.O_RDWR)] * 3
    else:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        streams = [os.open(os.devnull, os.O_RDONLY), os.open(wish["out"], flags), os.open(wish["err"], flags)]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = _stream(0, "r"), _stream(1, "w"), _stream(2, "w", 1)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc, assignment]  # as ever
    from repowright.tui.cli import cli

    cli.main(args=list(wish["argv"]))


def _stream(number: int, mode: str, buffering: int = -1) -> TextIO:
    return cast(TextIO, open(number, mode, buffering, encoding="utf-8", closefd=False))  # till the end


def _import() -> None:
    """Import what a conversation imports, with a screen and without."""
    for name in HEAVY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _serve() -> None:
    _import()
    for line in sys.stdin.buffer:
        wish = json.loads(line)
        if "poll" in wish:
            answer: dict[str, object] = {"code": _polled(wish["poll"])}
        elif pid := os.fork():
            answer = {"pid": pid}
        else:
            _be(wish)
            return
        print(json.dumps(answer), flush=True)


def arguments(project: Path, url: str, mode: str) -> Sequence[str]:
    """Return the options of a conversation with a scripted endpoint."""
    model = ("--model", "scripted", "--base-url", url)
    return ("--repo", str(project), *model, "--sandbox", "local", "--unsafe-local", "--mode", mode)


if __name__ == "__main__":
    _serve()
