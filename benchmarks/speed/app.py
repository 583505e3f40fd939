"""What the app costs in a real terminal: start to first paint, a key press, a reply that streams.

The program runs as it is, in a pseudo-terminal, and follows a session whose log this script writes; nothing of the
screens is imported here. Processor time of all its threads is counted, not wall time: it is what holds on a loaded
machine.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.agent.chat.events import ChatDelta, ChatReply, ChatUser, TurnEnd, TurnStart
from repowright.agent.events import Event
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import Spec

MESSAGES = 500
KEYS = 100
STARTS = 3
STREAM_BYTES = 20_000
FRAGMENT = 40
"""Characters a fragment: what a model sends at a time."""
MS_A_KEY = 10.0
STREAM_S = 1.0
FIRST_PAINT_S = 0.4
PROGRAM = (sys.executable, "-m", "repowright.tui")
COLUMNS, LINES = 100, 30

_REPLY = "The **total** adds the prices up.\n\n- it takes a list\n- it gives a number\n\n```python\nsum(prices)\n```\n"


@dataclass(frozen=True)
class AppCost:
    """Processor time of the program.

    Parameters
    ----------
    first_paint_s
        From the start of ``chat`` until the tabs are on the screen; the least of several.
    key_ms
        A press of a key that scrolls the conversation.
    stream_s
        A reply of ``STREAM_BYTES`` of Markdown, until it stands there whole.
    megabytes
        Resident at the end.
    """

    messages: int
    first_paint_s: float
    key_ms: float
    stream_s: float
    stream_wall_s: float
    megabytes: float

    @property
    def holds(self) -> bool:
        """Whether every bound is kept."""
        return self.first_paint_s <= FIRST_PAINT_S and self.key_ms <= MS_A_KEY and self.stream_s <= STREAM_S


class Terminal:
    """A program in a pseudo-terminal; what it writes is kept."""

    def __init__(self, command: Sequence[str], environ: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        self.written = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def wait_for(self, pattern: bytes, start: int = 0, timeout: float = 60.0) -> None:
        """Wait until the program has written what matches.

        Raises
        ------
        TimeoutError
            If it does not in time.
        """
        deadline = time.monotonic() + timeout
        while not re.search(pattern, bytes(self.written[start:])):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(f"{pattern!r} did not appear; the last was {bytes(self.written[-500:])!r}")
            time.sleep(0.01)

    def wait_until_idle(self, quiet_s: float = 1.0) -> None:
        """Wait until nothing was written for a while."""
        size, since = len(self.written), time.monotonic()
        while time.monotonic() - since < quiet_s:
            time.sleep(0.05)
            if len(self.written) != size:
                size, since = len(self.written), time.monotonic()

    def seconds(self) -> float:
        """Processor time of all threads so far."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def megabytes(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def _read(self) -> None:
        while True:
            try:
                self.written += os.read(self._master, 65_536)
            except OSError:
                return


def measure(messages: int = MESSAGES, keys: int = KEYS, starts: int = STARTS) -> AppCost:
    """Run the program on a session of so many messages and return what it costs."""
    with tempfile.TemporaryDirectory() as home, _session(Path(home), messages) as (run, environ):
        first_paint = min(_first_paint(Path(home), environ) for _ in range(starts))
        terminal = Terminal([*PROGRAM, "watch", run.id], environ)
        try:
            terminal.wait_for(rb"sum\(prices\)|adds the prices up")
            terminal.wait_until_idle()
            key = _keys(terminal, keys)
            stream, wall = _stream(terminal, run)
            return AppCost(messages, first_paint, key, stream, wall, terminal.megabytes())
        finally:
            terminal.process.kill()
            terminal.process.wait()


def _first_paint(home: Path, environ: dict[str, str]) -> float:
    folder = home / "empty"
    folder.mkdir(exist_ok=True)
    terminal = Terminal([*PROGRAM, "chat", "--repo", str(folder)], environ)
    try:
        terminal.wait_for(rb"Tests")
        return terminal.seconds()
    finally:
        terminal.process.kill()
        terminal.process.wait()


def _keys(terminal: Terminal, keys: int) -> float:
    before = terminal.seconds()
    for number in range(keys):
        terminal.send(b"\x1b[A" if number % 20 < 10 else b"\x1b[B")
        time.sleep(0.05)
    terminal.wait_until_idle()
    idle = terminal.seconds()
    time.sleep(keys * 0.05 + 1.0)
    resting = terminal.seconds() - idle
    return (idle - before - resting) / keys * 1000


def _stream(terminal: Terminal, run: Run) -> tuple[float, float]:
    text = (_REPLY * (STREAM_BYTES // len(_REPLY) + 1))[:STREAM_BYTES]
    log = run.log()
    before, begun, start = terminal.seconds(), time.monotonic(), len(terminal.written)
    for place in range(0, len(text), FRAGMENT):
        log(_stamped(run, ChatDelta(message="m9999", text=text[place : place + FRAGMENT])))
        time.sleep(0.01)
    log(_stamped(run, ChatReply(message="m9999", text=f"{text}\n\nthe very end")))
    log.close()
    terminal.wait_for(rb"very\s.*?end|the very end", start)
    terminal.wait_until_idle()
    return terminal.seconds() - before, time.monotonic() - begun


@contextmanager
def _session(home: Path, messages: int) -> Iterator[tuple[Run, dict[str, str]]]:
    spec = Spec("A long talk", "A long talk\n", "a benchmark")
    run = Run.create(home / "runs", spec, Settings(model="none"), home, time.time, workflow="chat")
    log = run.log()
    for number in range(messages // 2):
        for event in _exchange(number):
            log(_stamped(run, event))
    log.close()
    environ = os.environ | {"REPOWRIGHT_HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environ.pop("NO_COLOR", None)
    with run.lock():
        yield run, environ


def _exchange(number: int) -> list[Event]:
    said = ChatUser(message=f"m{2 * number}", text=f"what does function {number} do?")
    reply = ChatReply(message=f"m{2 * number + 1}", text=_REPLY)
    if number:
        return [said, reply]
    return [said, TurnStart(message="m0"), reply, TurnEnd(message="m0", status="done")]


def _stamped(run: Run, event: Event) -> Event:
    return event.model_copy(update={"ts": time.time(), "run": run.id})


def main() -> None:
    """Print the cost as JSON; exit 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    cost = measure(parser.parse_args().messages)
    print(json.dumps(asdict(cost), indent=1))
    sys.exit(0 if cost.holds else 1)


if __name__ == "__main__":
    main()
