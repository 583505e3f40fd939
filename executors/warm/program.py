"""The host's end of the program that serves a box from inside: files in and out, commands, cleaning up.

What comes back was written beside untrusted commands: names are checked, sizes counted, and an answer
that makes no sense is a lost box.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, NoReturn, Protocol

from repowright.executors.limits.capture import STDERR, STDOUT, Chunk
from repowright.executors.sandbox import SandboxError, SandboxLost
from repowright.executors.trees import File, Mark, TransferBounds
from repowright.executors.workspace import checked_parts, unreadable

HEAD = 5
ANSWER_S = 5.0
REPLY_BYTES = 8_000_000
"""Most that one piece of JSON may hold: marks of 20,000 files, with their paths."""
DIGEST_CHARACTERS = 65


@functools.cache
def program() -> str:
    """Text of the program, with what it imports of this package before it."""
    texts = [
        resources.files("repowright.executors").joinpath("beneath.py").read_text(encoding="utf-8"),
        resources.files("repowright.executors.warm").joinpath("inside.py").read_text(encoding="utf-8"),
    ]
    lines = [line for text in texts for line in text.splitlines()]
    own = [line for line in lines if not line.startswith(("from __future__", "from repowright"))]
    return "from __future__ import annotations\n" + "\n".join(own) + "\n"


@dataclass
class Answer:
    """Frames of one answer as they come in."""

    bounds: TransferBounds
    reply: dict[str, Any] | None = None
    files: dict[str, File] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _left: int = 0
    _seen: int = 0
    _open: tuple[str, int, bool] | None = None
    _data: list[bytes] = field(default_factory=list)

    def feed(self, data: bytes) -> list[Chunk]:
        """Take in bytes; return what a command printed.

        Raises
        ------
        SandboxError
            If files hold more than the bounds.
        SandboxLost
            If it makes no sense.
        """
        self._buffer += data
        chunks: list[Chunk] = []
        for kind, payload in self._frames():
            if kind in b"oe":
                chunks.append(Chunk(STDOUT if kind == ord("o") else STDERR, payload))
            elif kind == ord("f"):
                self._start(_parsed(payload))
            elif kind == ord("d"):
                self._add(payload)
            else:
                self._finish()
                reply = _parsed(payload)
                self.reply = reply if isinstance(reply, dict) else _senseless()
        return chunks

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self._buffer) >= HEAD:
            kind, size = self._buffer[0], int.from_bytes(self._buffer[1:HEAD], "big")
            if kind not in b"oefdr" or size > REPLY_BYTES or self.reply is not None:
                _senseless()
            if len(self._buffer) < HEAD + size:
                return
            payload = bytes(self._buffer[HEAD : HEAD + size])
            del self._buffer[: HEAD + size]
            yield kind, payload

    def _start(self, said: object) -> None:
        self._finish()
        if not (isinstance(said, list) and [type(part) for part in said] == [str, int, bool]):
            _senseless()
        path, size, executable = said
        self._seen += size
        if self._seen > self.bounds.bytes or len(self.files) >= self.bounds.files:
            raise SandboxError(f"the files asked for hold more than {self.bounds.bytes} bytes", "ask for fewer files")
        self._open = ("/".join(checked_parts(path)), size, executable)

    def _add(self, payload: bytes) -> None:
        if self._open is None or sum(map(len, self._data)) + len(payload) > self._open[1]:
            _senseless()
        self._data.append(payload)

    def _finish(self) -> None:
        if self._open is not None:
            path, size, executable = self._open
            data = b"".join(self._data)
            if len(data) != size:
                _senseless()
            self.files[path] = File(data, executable)
        self._open, self._data = None, []


class Asker(Protocol):
    """Sends one request to the program in a box and waits for its answer."""

    def __call__(self, request: bytes, bounds: TransferBounds) -> Answer: ...


class Stream(Protocol):
    """Both directions between the host and the program."""

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait for output; None once there will be no more."""

    def write(self, data: bytes) -> None:
        """Write to the program's standard input.

        Raises
        ------
        SandboxLost
            If it is gone.
        """

    def close(self) -> None:
        """Break the stream off."""


class RunningProgram:
    """The program in a box, kept running: a request costs no new process of Docker's."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._said = b""
        self._is_sound = True

    def ask(self, request: bytes, bounds: TransferBounds) -> Answer:
        """Send a request and wait for the whole answer, ``ANSWER_S`` longer than its bounds allow."""
        self._write(request)
        answer = Answer(bounds)
        # Until the whole answer is there, the next bytes are no beginning of another one.
        self._is_sound = False
        deadline = time.monotonic() + bounds.seconds + ANSWER_S
        while answer.reply is None:
            chunks = self._source.read(1.0)
            if chunks is None or time.monotonic() > deadline:
                raise SandboxLost(f"the box does not answer: {self._said.decode('utf-8', 'replace')[-300:]}")
            self._take(answer, chunks)
        self._is_sound = True
        return answer

    def start(self, request: bytes) -> RunOutput:
        """Start a command; its output is read from what this returns."""
        self._write(request)
        return RunOutput(self._source, self._take)

    def _write(self, request: bytes) -> None:
        if not self._is_sound:
            raise SandboxLost("an answer of the box was broken off", "open a new box")
        self._source.write(request)

    def _take(self, answer: Answer, chunks: Sequence[Chunk]) -> list[Chunk]:
        printed: list[Chunk] = []
        for chunk in chunks:
            if chunk.stream == STDOUT:
                printed += answer.feed(chunk.data)
            else:
                self._said = (self._said + chunk.data)[-4096:]
        return printed

    def close(self) -> None:
        """Break the stream off; the program ends with it."""
        self._source.close()


class Feed(Protocol):
    """Takes chunks of Docker's into an answer, and returns what a command printed."""

    def __call__(self, answer: Answer, chunks: Sequence[Chunk]) -> list[Chunk]: ...


class RunOutput:
    """Output of one command, up to the reply that says how it ended."""

    def __init__(self, source: Stream, feed: Feed) -> None:
        self._source = source
        self._feed = feed
        self._answer = Answer(TransferBounds())

    @property
    def code(self) -> int | None:
        """Exit code, None where the program was killed before it said one."""
        code = None if self._answer.reply is None else self._answer.reply.get("code")
        return code if isinstance(code, int) else None

    def read(self, timeout_s: float) -> list[Chunk] | None:
        """Wait for output; None once the command has ended, or the box."""
        if self._answer.reply is not None:
            return None
        chunks = self._source.read(timeout_s)
        if chunks is None:
            return None
        printed = self._feed(self._answer, chunks)
        return printed if printed or self._answer.reply is None else None


class BoxFiles:
    """The workspace of a box, as far as the program in it says."""

    def __init__(self, ask: Asker) -> None:
        self._ask = ask

    def write(self, files: Mapping[str, File], remove: Sequence[str] = ()) -> None:
        """Remove files, then write others."""
        listed = [(path, len(file.data), file.executable) for path, file in files.items()]
        data = b"".join(file.data for file in files.values())
        bounds = TransferBounds()
        said = self._said(request("write", data, files=listed, remove=list(remove)), bounds).reply
        if said:
            raise SandboxError(f"cannot write {said.get('unwritten', '')!r} into the workspace: {said.get('why')}")

    def read(self, paths: Sequence[str] | None, bounds: TransferBounds) -> dict[str, File]:
        """Read regular files; links are never followed."""
        wanted = None if paths is None else sorted(set(paths))
        answer = self._said(request("read", paths=wanted, **_bounds(bounds)), bounds)
        return {path: file for path, file in answer.files.items() if wanted is None or path in wanted}

    def scan(self, bounds: TransferBounds) -> dict[str, Mark]:
        """Look at all regular files."""
        found = (self._said(request("scan", **_bounds(bounds)), bounds).reply or {}).get("found")
        if not isinstance(found, dict) or len(found) > bounds.files:
            _senseless()
        return {"/".join(checked_parts(path)): str(mark)[:DIGEST_CHARACTERS] for path, mark in sorted(found.items())}

    def keep(self, wanted: Mapping[str, Mark], bounds: TransferBounds) -> tuple[list[str], list[str]]:
        """Remove all but the regular files wanted."""
        data = json.dumps(dict(wanted)).encode()
        reply = self._said(request("keep", data, **_bounds(bounds)), bounds).reply or {}
        missing, removed = _strings(reply.get("missing")), _strings(reply.get("removed"))
        if not wanted.keys() >= set(missing):
            _senseless()
        return missing, removed

    def _said(self, asked: bytes, bounds: TransferBounds) -> Answer:
        answer = self._ask(asked, bounds)
        if answer.reply is not None and "failed" in answer.reply:
            raise unreadable(str(answer.reply["failed"])[:300])
        return answer


def request(verb: str, data: bytes = b"", **fields: object) -> bytes:
    """Return a request as bytes."""
    head = json.dumps({"do": verb, "size": len(data), **fields}).encode()
    return len(head).to_bytes(4, "big") + head + data


def _bounds(bounds: TransferBounds) -> dict[str, Any]:
    return {"entries": bounds.files, "bytes": bounds.bytes, "seconds": bounds.seconds}


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as err:
        raise SandboxLost("a box gave an answer that is no JSON", "its program was tampered with") from err


def _strings(said: object) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(part, str) for part in said):
        _senseless()
    return said


def _senseless() -> NoReturn:
    raise SandboxLost("a box gave an answer that makes no sense", "its program was tampered with")
