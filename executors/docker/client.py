"""The few requests the Docker sandbox makes of its daemon, typed; the SDK is used here alone.

Files never go through the archive endpoints (they do not see a tmpfs, and fail under a read-only
root), and output never through the SDK's readers (unbounded, or quadratic in time).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from repowright.executors.limits.capture import STDERR, STDOUT, Chunk
from repowright.executors.sandbox import SandboxLost, SandboxUnavailable

TIMEOUT_S = 30
CONNECTIONS = 64
DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
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

    def send(self, data: bytes) -> None:
        """Write to standard input and close it."""
        self._connection.settimeout(TIMEOUT_S)
        self._connection.sendall(data)
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Break the stream off; a container is removed 20 s late while its output waits for a reader."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        for holder in self._holders:
            holder.close()


@contextlib.contextmanager
def daemon_errors(doing: str) -> Iterator[None]:
    """Turn what the SDK, its HTTP client or the socket raise into SandboxLost."""
    import docker.errors
    import requests

    try:
        yield
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as err:
        raise SandboxLost(f"Docker failed to {doing}: {str(err)[:300]}", "is the daemon running?") from err


def _knock(timeout_s: int) -> None:
    """Connect to a local daemon's socket once: the SDK leaks the socket of a connection that is refused."""
    address = os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(address.removeprefix("unix://"))


class Daemon:
    """One connection pool to the daemon that the environment names.

    Raises
    ------
    SandboxUnavailable
        If it does not answer within ``timeout_s``.
    """

    def __init__(self, timeout_s: int = TIMEOUT_S) -> None:
        import docker

        try:
            with daemon_errors("answer"):
                _knock(timeout_s)
                self.api: Any = docker.from_env(timeout=timeout_s, max_pool_size=CONNECTIONS).api
                self.version = str(self.api.version()["Version"])
        except SandboxLost as err:
            raise SandboxUnavailable("no Docker daemon answers", "start Docker, or use bubblewrap") from err

    def has_image(self, image: str) -> bool:
        """True when the daemon has the image; nothing is pulled."""
        with daemon_errors("list images"):
            return bool(self.api.images(name=image))

    def create(
        self, image: str, command: Sequence[str], bounds: Mapping[str, object], labels: Mapping[str, str]
    ) -> str:
        """Create and start a container, leaving none behind on failure; return its id."""
        with daemon_errors("open a box"):
            settings = self.api.create_host_config(**bounds)
            made = self.api.create_container(
                image, list(command), user="65534:65534", host_config=settings,
                labels=dict(labels), entrypoint=[], working_dir="/", stdin_open=False, hostname="box",
            )  # fmt: skip
            container = str(made["Id"])
            try:
                self.api.start(container)
            except BaseException:
                self.remove(container)
                raise
        return container

    def first_pid(self, container: str) -> int:
        """Pid of the container's first process in the daemon's own namespace."""
        with daemon_errors("inspect a box"):
            return int(self.api.inspect_container(container)["State"]["Pid"])

    def start_exec(
        self, container: str, argv: Sequence[str], environment: Mapping[str, str], folder: str
    ) -> tuple[str, FrameSource]:
        """Start a command with standard input open; return its id and its output."""
        with daemon_errors("start a command"):
            made = self.api.exec_create(
                container, list(argv), stdin=True, environment=dict(environment), workdir=folder
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
        """Kill and remove a container; harmless when it is gone or going."""
        import docker.errors

        with daemon_errors("remove a box"), contextlib.suppress(docker.errors.APIError):
            self.api.remove_container(container, force=True, v=True)

    def labelled(self, label: str) -> list[Container]:
        """Containers, running or not, that carry ``label``."""
        with daemon_errors("list boxes"):
            found = self.api.containers(all=True, filters={"label": label})
        return [Container(str(entry["Id"]), dict(entry["Labels"])) for entry in found]

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
