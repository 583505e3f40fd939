"""A headless Chromium, driven over a pipe by its DevTools protocol; nothing is listened on."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CLOSED_S = 10.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1280,900",
    "--remote-debugging-pipe",
)

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class BrowserError(Exception):
    """The browser did not do what was asked: a script failed, or it answered nothing in time."""


def find_browser() -> str | None:
    """Return the path of an installed Chromium; `None` if there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Tab:
    """One page of the browser."""

    def __init__(self, pipe: _Pipe, session: str) -> None:
        self._pipe = pipe
        self._session = session
        self.logged: list[str] = []
        """Errors that the page caused, such as what its security policy forbade."""

    def open(self, page: Path, *, scripts: bool = True) -> float:
        """Load a page from disk; return the seconds until it has loaded."""
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")
        self._ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        begun = time.perf_counter()
        self._ask("Page.navigate", url=page.resolve().as_uri())
        self._pipe.wait(lambda told: told.get("method") == "Page.loadEventFired")
        return time.perf_counter() - begun

    def run(self, script: str) -> JsonValue:
        """Evaluate an expression, awaited if it is a promise, and return its value.

        Raises
        ------
        BrowserError
            If it throws.
        """
        told = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise BrowserError(json.dumps(told["exceptionDetails"])[:2000])
        result = told.get("result")
        return result.get("value") if isinstance(result, dict) else None

    def html(self) -> str:
        """Return the document as it stands, also where scripts are off."""
        root = self._ask("DOM.getDocument", depth=0)["root"]
        assert isinstance(root, dict)
        return str(self._ask("DOM.getOuterHTML", nodeId=root["nodeId"])["outerHTML"])

    def picture(self) -> bytes:
        """Return what the page looks like, as PNG."""
        import base64

        return base64.b64decode(str(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _ask(self, method: str, **params: JsonValue) -> dict[str, JsonValue]:
        told = self._pipe.ask(method, params, self._session)
        self.logged += self._pipe.errors()
        return told


@contextmanager
def browser(program: str, timeout_s: float = 60.0) -> Iterator[Tab]:
    """Start a browser with an empty profile and yield a tab; end it at the close.

    Parameters
    ----------
    timeout_s
        Seconds that one answer may take.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        to_browser, from_browser = os.pipe(), os.pipe()
        # Above 9, so that no end is one of the two numbers that the browser reads and writes.
        theirs = fcntl.fcntl(to_browser[0], fcntl.F_DUPFD, 10), fcntl.fcntl(from_browser[1], fcntl.F_DUPFD, 10)
        quiet = os.open(os.devnull, os.O_RDWR)
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs[0], 3),
            (os.POSIX_SPAWN_DUP2, theirs[1], 4),
            (os.POSIX_SPAWN_DUP2, quiet, 1),
            (os.POSIX_SPAWN_DUP2, quiet, 2),
        ]
        argv = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = os.posix_spawn(program, argv, dict(os.environ), file_actions=actions, setpgroup=0)
        for each in (*theirs, quiet, to_browser[0], from_browser[1]):
            os.close(each)
        try:
            yield _first_tab(_Pipe(to_browser[1], from_browser[0], timeout_s))
        finally:
            os.close(to_browser[1])
            os.close(from_browser[0])
            _end(process)


def _first_tab(pipe: _Pipe) -> Tab:
    target = pipe.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
    session = pipe.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    return Tab(pipe, str(session))


def _end(process: int) -> None:
    """End the browser with all its processes, which are one group."""
    until = time.monotonic() + _CLOSED_S
    os.killpg(process, signal.SIGTERM)
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return
        time.sleep(0.05)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)


class _Pipe:
    """Messages of the protocol: JSON, each ended by a NUL byte."""

    def __init__(self, write: int, read: int, timeout_s: float) -> None:
        self._write = write
        self._read = read
        self._timeout_s = timeout_s
        self._number = 0
        self._held = b""
        self._events: list[dict[str, JsonValue]] = []

    def ask(self, method: str, params: Mapping[str, JsonValue], session: str = "") -> dict[str, JsonValue]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": dict(params)} | ({"sessionId": session} if session else {})
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while (told := self._next()).get("id") != number:
            self._events.append(told)
        if "error" in told:
            raise BrowserError(f"{method}: {told['error']}")
        result = told["result"]
        return result if isinstance(result, dict) else {}

    def wait(self, wanted: Callable[[dict[str, JsonValue]], bool]) -> None:
        while not any(wanted(told) for told in self._events):
            self._events.append(self._next())
        self._events = [told for told in self._events if not wanted(told)]

    def errors(self) -> list[str]:
        found = [told for told in self._events if _is_error(told)]
        self._events = [told for told in self._events if not _is_error(told)]
        return [json.dumps(told)[:500] for told in found]

    def _next(self) -> dict[str, JsonValue]:
        until = time.monotonic() + self._timeout_s
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._read], [], [], max(until - time.monotonic(), 0))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise BrowserError(f"the browser {'is gone' if ready else f'is silent for {self._timeout_s:g} s'}")
            self._held += data
        message, _, self._held = self._held.partition(b"\0")
        told = json.loads(message)
        return told if isinstance(told, dict) else {}


def _is_error(told: Mapping[str, JsonValue]) -> bool:
    params = told.get("params")
    if told.get("method") == "Runtime.exceptionThrown":
        return True
    entry = params.get("entry") if isinstance(params, dict) else None
    return told.get("method") == "Log.entryAdded" and isinstance(entry, dict) and entry.get("level") == "error"
