"""The few requests the Docker sandbox makes of its daemon, typed; the SDK is used here alone.

Files never go through the archive endpoints (they do not see a tmpfs, and fail under a read-only
root), and output never through the SDK's readers (unbounded, or quadratic in time).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from repowright.executors.docker.failures import daemon_errors as daemon_errors
from repowright.executors.limits.capture import STDERR, STDOUT, Chunk
from repowright.executors.sandbox import SandboxError, SandboxLost, SandboxUnavailable

TIMEOUT_S = 30
ANSWER_S = 10
"""Seconds in which a daemon must answer the first time, and when it is looked for again."""
BACK_S = 45.0
"""Seconds in which a daemon that went away must be back."""
LONGEST_PAUSE_S = 2.0
CONNECTIONS = 64
DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
CLIENT = "repowright.client"
"""Label: which connection pool of its owner made a container."""
BOX = "repowright.box"
"""Label: a number that the connection pool knows from before the container is made until it is removed."""
HEADER_BYTES = 8
READ_BYTES = 65536


@dataclass(frozen=True)
class Container:
    """A container and the labels it carries."""

    id: str
    labels: Mapping[str, str]


class Closable(Protocol):
    """What must be closed for a socket to be."""

    def close(self) -> None:
        """Let go of the socket."""


class FrameSource:
    """Output of one exec, cut out of Docker's frames: 1 byte stream, 3 zero, 4 length, then the payload.

    Parameters
    ----------
    holders
        Objects of the SDK that share the connection.
    """

    def __init__(self, connection: socket.socket, *holders: Closable) -> None:
        self._connection = connection
        self._holders = holders
        self._pending = b""
        self._stream = STDOUT
        self._left = 0

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait for output; None at the end of the stream or when the daemon went away."""
        try:
            self._connection.settimeout(max(timeout_s, 0.001))
            data = self._connection.recv(READ_BYTES)
        except TimeoutError:
            return []
        except OSError:
            return None
        return self.feed(data) if data else None

    def feed(self, data: bytes) -> list[Chunk]:
        """Take in bytes from the wire; give back the payload they complete."""
        self._pending += data
        chunks: list[Chunk] = []
        while self._pending:
            if not self._left and not self._header():
                break
            part = self._pending[: self._left]
            self._pending = self._pending[len(part) :]
            self._left -= len(part)
            if part:
                chunks.append(Chunk(self._stream, part))
        return chunks

    def _header(self) -> bool:
        if len(self._pending) < HEADER_BYTES:
            return False
        self._stream = STDERR if self._pending[0] == STDERR else STDOUT
        self._left = int.from_bytes(self._pending[4:HEADER_BYTES], "big")
        self._pending = self._pending[HEADER_BYTES:]
        return True

    def write(self, data: bytes) -> None:
        """Write to standard input and leave it open."""
        self._connection.settimeout(TIMEOUT_S)
        self._connection.sendall(data)

    def send(self, data: bytes) -> None:
        """Write to standard input and close it."""
        self.write(data)
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Break the stream off; a container is removed 20 s late while its output waits for a reader."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        for holder in self._holders:
            holder.close()


def _knock(timeout_s: float) -> None:
    """Connect to a local daemon's socket once: the SDK leaks the socket of a connection that is refused."""
    address = os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(address.removeprefix("unix://"))


def _advice(err: SandboxError) -> str:
    cause = err.__cause__
    if isinstance(cause, PermissionError):
        return "this user may not use Docker's socket: join the group docker, or use bubblewrap"
    if isinstance(cause, FileNotFoundError | ConnectionRefusedError):
        return "start Docker, or use bubblewrap"
    return f"{err.message}; restart Docker, or use bubblewrap"


class Daemon:
    """One connection pool to the daemon that the environment names.

    Raises
    ------
    SandboxUnavailable
        If it does not answer within ``timeout_s``, or ``ANSWER_S``.
    """

    def __init__(self, timeout_s: int = TIMEOUT_S) -> None:
        import docker

        from repowright.executors.docker.transport import mend

        self._client = secrets.token_hex(8)
        self._guard = threading.Lock()
        self._known: set[str] = set()
        self._tokens: dict[str, str] = {}
        answer_s = min(timeout_s, ANSWER_S)
        try:
            with daemon_errors("answer"):
                _knock(answer_s)
                self.api: Any = docker.from_env(timeout=answer_s, max_pool_size=CONNECTIONS).api
                mend(self.api)
                self.version = str(self.api.version()["Version"])
        except SandboxError as err:
            raise SandboxUnavailable("no Docker daemon answers", _advice(err)) from err
        self.api.timeout = timeout_s

    def has_image(self, image: str) -> bool:
        """True when the daemon has the image; nothing is pulled."""
        with daemon_errors("list images"):
            return bool(self.api.images(name=image))

    def create(
        self,
        image: str,
        command: Sequence[str],
        bounds: Mapping[str, object],
        labels: Mapping[str, str],
        *,
        user: str = "65534:65534",
        hostname: str | None = "box",
        overrides: Mapping[str, object] | None = None,
    ) -> str:
        """Create and start a container, leaving none behind on failure; return its id.

        Parameters
        ----------
        overrides
            Settings of the host side that the SDK has no name for.
        """
        token = secrets.token_hex(8)
        with self._guard:
            self._known.add(token)
        try:
            settings = {
                "host_config": {**self.api.create_host_config(**bounds), **(overrides or {})},
                "labels": {**labels, CLIENT: self._client, BOX: token},
                "user": user,
                "hostname": hostname,
            }
            container = self._create(image, command, settings)
        except BaseException:
            with self._guard:
                self._known.discard(token)
            raise
        with self._guard:
            self._tokens[container] = token
        return container

    def _create(self, image: str, command: Sequence[str], settings: Mapping[str, object]) -> str:
        with daemon_errors("open a box"):
            made = self.api.create_container(
                image, list(command), entrypoint=[], working_dir="/", stdin_open=False, **settings
            )
            container = str(made["Id"])
            try:
                self.api.start(container)
            except BaseException:
                with contextlib.suppress(SandboxError):
                    self.remove(container)
                raise
        return container

    def first_pid(self, container: str) -> int:
        """Pid of the container's first process in the daemon's own namespace."""
        with daemon_errors("inspect a box"):
            pid = int(self.api.inspect_container(container)["State"]["Pid"])
        if pid == 0:
            raise SandboxLost("a box ended before it was used", "was the daemon restarted?")
        return pid

    def start_exec(
        self,
        container: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        user: str = "65534:65534",
    ) -> tuple[str, FrameSource]:
        """Start a command with standard input open; return its id and its output."""
        with daemon_errors("start a command"):
            made = self.api.exec_create(
                container, list(argv), stdin=True, environment=dict(environment), workdir=folder, user=user
            )
            stream = self.api.exec_start(made["Id"], socket=True)
        return str(made["Id"]), FrameSource(getattr(stream, "_sock", stream), stream._response)

    def exec_code(self, exec_id: str) -> int | None:
        """Exit code of a command, None while it runs or when its container is gone."""
        import docker.errors

        with daemon_errors("inspect a command"):
            try:
                state = self.api.exec_inspect(exec_id)
            except docker.errors.NotFound:
                return None
        return None if state["Running"] or state["ExitCode"] is None else int(state["ExitCode"])

    def is_running(self, container: str) -> bool:
        """True while the container runs."""
        import docker.errors

        with daemon_errors("inspect a box"):
            try:
                return bool(self.api.inspect_container(container)["State"]["Status"] == "running")
            except docker.errors.NotFound:
                return False

    def kill(self, container: str) -> None:
        """Kill every process of a container; harmless when it is gone."""
        import docker.errors

        with daemon_errors("kill a box"), contextlib.suppress(docker.errors.APIError):
            self.api.kill(container)

    def remove(self, container: str) -> None:
        """Kill and remove a container; harmless when it is gone or going.

        One that the daemon does not remove now is removed by ``reconnect``.
        """
        import docker.errors

        with self._guard:
            self._known.discard(self._tokens.pop(container, ""))
        with daemon_errors("remove a box"):
            try:
                self.api.remove_container(container, force=True, v=True)
            except docker.errors.NotFound:
                return
            except docker.errors.APIError:
                self._await_removal(container)

    def _await_removal(self, container: str) -> None:
        """Wait until a container is gone that the daemon was removing already."""
        import docker.errors

        deadline = time.monotonic() + ANSWER_S
        with contextlib.suppress(docker.errors.NotFound):
            while time.monotonic() < deadline:
                self.api.inspect_container(container)
                time.sleep(0.05)

    def labelled(self, label: str) -> list[Container]:
        """Containers, running or not, that carry ``label``."""
        with daemon_errors("list boxes"):
            found = self.api.containers(all=True, filters={"label": label})
        return [Container(str(entry["Id"]), dict(entry["Labels"])) for entry in found]

    def reconnect(self, within_s: float | None = None) -> None:
        """Wait for a daemon that went away, then remove what it still runs of boxes given up meanwhile.

        Raises
        ------
        SandboxUnavailable
            If it is not back within ``within_s``, or ``BACK_S``.
        """
        within_s = BACK_S if within_s is None else within_s
        deadline = time.monotonic() + within_s
        pause = 0.1
        while not self._answers(min(ANSWER_S, within_s)):
            if time.monotonic() + pause > deadline:
                raise SandboxUnavailable(f"the Docker daemon is not back after {within_s:.0f} s", "start it again")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self.remove_given_up()

    def remove_given_up(self) -> None:
        """Remove the containers of this client that it does not know, or no longer."""
        for container in self.labelled(f"{CLIENT}={self._client}"):
            with self._guard:
                in_use = container.labels.get(BOX) in self._known
            if not in_use:
                self.remove(container.id)

    def _answers(self, timeout_s: float) -> bool:
        try:
            with daemon_errors("answer"):
                _knock(timeout_s)
                return bool(self.api.get(f"{self.api.base_url}/_ping", timeout=timeout_s).ok)
        except SandboxError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
