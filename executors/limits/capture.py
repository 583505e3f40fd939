"""Reads what a command prints, bounded in bytes and in time."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from repowright.executors.sandbox import Ended

POLL_S = 0.05
"""Seconds between two looks at the limits."""
DRAIN_S = 2.0
"""Seconds that the last output of a killed command may take."""
STDOUT, STDERR = 1, 2


@dataclass(frozen=True)
class Chunk:
    """Bytes of one stream: 1 is standard output, 2 standard error."""

    stream: int
    data: bytes


class Source(Protocol):
    """Where the output of a running command comes from."""

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait at most ``timeout_s`` for output; None once there will be no more."""


@dataclass(frozen=True)
class Captured:
    """What was read. ``ended`` is EXITED when the source came to its own end."""

    stdout: str
    stderr: str
    ended: Ended
    truncated: bool


class PipeSource:
    """The two pipes of a child process, read without blocking."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._selector = selectors.DefaultSelector()
        for stream, pipe in ((STDOUT, process.stdout), (STDERR, process.stderr)):
            if pipe is not None:
                self._selector.register(pipe, selectors.EVENT_READ, stream)

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait for output; the end is the process gone and its pipes closed or silent."""
        if not self._selector.get_map():
            return self._wait(timeout_s)
        ready = self._selector.select(timeout_s)
        if not ready and self._process.poll() is not None:
            # It may have written its last words and ended between the two calls above.
            ready = self._selector.select(0)
            if not ready:
                return None
        chunks: list[Chunk] = []
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            if data:
                chunks.append(Chunk(key.data, data))
            else:
                self._selector.unregister(key.fileobj)
        return chunks

    def _wait(self, timeout_s: float) -> list[Chunk] | None:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return []
        return None

    def close(self) -> None:
        """Close both pipes."""
        self._selector.close()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


class Capture:
    """Collects chunks up to a bound."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._streams: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
        self.size = 0

    @property
    def full(self) -> bool:
        """True once more than the bound was read."""
        return self.size > self._limit

    def add(self, chunks: list[Chunk]) -> None:
        """Keep ``chunks`` as long as the bound is not passed; count all of them."""
        for chunk in chunks:
            if not self.full:
                self._streams[chunk.stream].append(chunk.data)
            self.size += len(chunk.data)

    def data(self, stream: int) -> bytes:
        """The bytes of one stream that were kept."""
        return b"".join(self._streams[stream])

    def text(self, stream: int) -> str:
        """One stream as text: head and tail, with a mark between them, where it was longer than the bound."""
        data = self.data(stream)
        if len(data) > self._limit:
            half = self._limit // 2
            cut = f"\n[... {len(data) - 2 * half} bytes cut ...]\n".encode()
            data = data[:half] + cut + data[len(data) - half :]
        return data.decode("utf-8", "replace")


def collect(
    source: Source,
    wall_s: float,
    output_bytes: int,
    check: Callable[[], Ended | None],
    kill: Callable[[], None],
) -> Captured:
    """Read ``source`` to its end, or kill the command at the first limit it passes.

    Parameters
    ----------
    check
        Looks at the limits that output and time do not show; called every ``POLL_S`` seconds.
    kill
        Ends the command and everything it started.
    """
    capture = Capture(output_bytes)
    ended = _read_until(source, capture, time.monotonic() + wall_s, check)
    if ended is not Ended.EXITED:
        _take_ready(source, capture)
        kill()
        _drain(source, capture)
    return Captured(capture.text(STDOUT), capture.text(STDERR), ended, capture.full)


def _read_until(source: Source, capture: Capture, deadline: float, check: Callable[[], Ended | None]) -> Ended:
    next_check = time.monotonic() + POLL_S
    while True:
        now = time.monotonic()
        if now >= deadline:
            return Ended.TIME
        if now >= next_check:
            passed = check()
            if passed is not None:
                return passed
            next_check = time.monotonic() + POLL_S
        chunks = source.read(max(0.0, min(deadline, next_check) - time.monotonic()))
        if chunks is None:
            return Ended.EXITED
        capture.add(chunks)
        if capture.full:
            return Ended.OUTPUT


def _take_ready(source: Source, capture: Capture) -> None:
    """Read what was written before the kill, which may break the stream off."""
    while not capture.full:
        chunks = source.read(0.0)
        if not chunks:
            return
        capture.add(chunks)


def _drain(source: Source, capture: Capture) -> None:
    deadline = time.monotonic() + DRAIN_S
    while time.monotonic() < deadline:
        chunks = source.read(POLL_S)
        if chunks is None:
            return
        capture.add(chunks)
