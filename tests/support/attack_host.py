"""What attacks aim at: things of this machine that the test itself made, and that notice when they are reached."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from repowright.executors.bubblewrap.slots import FIRST_UID
from repowright.executors.docker.hardening import BOX_UID

VARIABLE = "REPOWRIGHT_TEST_SECRET"
IPC_CREATE, IPC_REMOVE = 0o1000, 0
SEGMENT_BYTES = 4096


class AttackedHost:
    """Listeners, a secret, processes and shared memory of the host; ``evidence`` says what was touched.

    Parameters
    ----------
    word
        A word that every attacking process has on its command line.
    """

    def __init__(self, word: str) -> None:
        self.word = word
        self.secret = secrets.token_hex(12)
        self._open = contextlib.ExitStack()
        self._folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="attacked-", dir="/var/tmp")))
        self._folder.chmod(0o755)
        self.file = self._folder / "secret.txt"
        self.file.write_text(self.secret, encoding="utf-8")
        self._stream = self._listener(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._datagram = self._listener(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._abstract = self._listener(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{word}")
        self._victims = {"docker": self._victim(BOX_UID), "bubblewrap": self._victim(FIRST_UID)}
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._key = secrets.randbelow(1 << 30) + 1
        self._segment = self._libc.shmget(self._key, SEGMENT_BYTES, IPC_CREATE | 0o666)
        self._open.callback(self._libc.shmctl, self._segment, IPC_REMOVE, None)

    def facts(self, sandbox: str) -> dict[str, object]:
        """What an attack is told of the host, so that it need not search for long."""
        return {
            "WORD": self.word,
            "SECRET": self.secret,
            "FILE": str(self.file),
            "STREAM": self._stream.getsockname()[1],
            "DATAGRAM": self._datagram.getsockname()[1],
            "ABSTRACT": f"\0{self.word}",
            "VICTIM": self._victims[sandbox].pid,
            "KEY": self._key,
            "NODE": os.uname().nodename,
        }

    def evidence(self) -> list[str]:
        """What was reached, by what only the host can see."""
        found = []
        for name, listener in (("stream", self._stream), ("abstract", self._abstract)):
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                found.append(f"{name} listener")
        with contextlib.suppress(BlockingIOError):
            self._datagram.recv(512)
            found.append("datagram listener")
        found += [f"victim of {name}" for name, victim in self._victims.items() if victim.poll() is not None]
        if self.file.read_text(encoding="utf-8") != self.secret:
            found.append("secret file")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _listener(self, family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
        listener = self._open.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        return listener

    def _victim(self, uid: int) -> subprocess.Popen[bytes]:
        """A process of the user that a box runs as: only namespaces keep the box from it."""
        user = uid if os.geteuid() == 0 else None
        victim = subprocess.Popen(["sleep", "120"], user=user, group=user, extra_groups=None if user is None else [])
        self._open.callback(victim.wait)
        self._open.callback(victim.kill)
        return victim


def processes_naming(word: str) -> list[int]:
    """Processes of this machine that have ``word`` on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
