"""The real program in a real terminal: tmux to look at it, a pseudo-terminal to take away."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping
from pathlib import Path


class Tmux:
    """A shell in tmux, with something said before a command and after it."""

    def __init__(self, socket: Path, folder: Path, command: list[str], environ: Mapping[str, str]) -> None:
        self._socket = socket
        settings = [f"{name}={value}" for name, value in environ.items()]
        line = f"echo before; env {shlex.join([*settings, *command])}; echo ended with $?; stty -a; exec sleep 600"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "app", "-c", str(folder), "-x", "100", "-y", "30", line)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "app", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "app")

    def flag(self, name: str) -> str:
        """Return a format of tmux, such as ``cursor_flag`` or ``alternate_on``."""
        return self.tmux("display-message", "-p", "-t", "app", f"#{{{name}}}").strip()

    def wait_for(self, pattern: str, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if re.search(pattern, shown := self.screen()):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} is not on the screen:\n{self.screen()}")


class Line:
    """A program on a pseudo-terminal that can be hung up; what it writes is kept."""

    def __init__(self, command: list[str], environ: Mapping[str, str], controlling: bool = False) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        words = [sys.executable, "-c", _TAKE, *command] if controlling else command
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, env=dict(environ), start_new_session=True
        )
        os.close(slave)
        self.written = bytearray()
        self._hung_up = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: bytes, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, bytes(self.written)):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{pattern!r} did not appear: {bytes(self.written[-2_000:])!r}")
            time.sleep(0.05)

    def send(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """Close the terminal."""
        if not self._hung_up.is_set():
            self._hung_up.set()
            os.set_blocking(self._master, False)
            self._reader.join(5)
            os.close(self._master)

    def seconds(self) -> float:
        """Processor time of the program so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        os.set_blocking(self._master, False)
        while not self._hung_up.is_set():
            try:
                self.written += os.read(self._master, 65_536)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                return


_TAKE = "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
