from __future__ import annotations

import json

import pytest

from repowright.executors import SandboxError, SandboxLost
from repowright.executors.limits.capture import STDERR, STDOUT, Chunk
from repowright.executors.trees import File, TransferBounds
from repowright.executors.warm.program import REPLY_BYTES, Answer, BoxFiles, RunningProgram, program, request

BOUNDS = TransferBounds(bytes=10, files=2)


def frame(kind: bytes, said: object) -> bytes:
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    return kind + len(data).to_bytes(4, "big") + data


def test_an_answer_is_read_however_it_is_cut() -> None:
    whole = frame(b"f", ["a/b", 3, True]) + frame(b"d", b"12") + frame(b"d", b"3") + frame(b"f", ["c", 0, False])
    whole += frame(b"o", b"out") + frame(b"e", b"err") + frame(b"r", {"code": 1})
    for size in (1, 2, 7, len(whole)):
        answer, chunks = Answer(BOUNDS), []
        for start in range(0, len(whole), size):
            chunks += answer.feed(whole[start : start + size])
        assert answer.files == {"a/b": File(b"123", executable=True), "c": File(b"")}
        assert (answer.reply, chunks) == ({"code": 1}, [Chunk(STDOUT, b"out"), Chunk(STDERR, b"err")])


@pytest.mark.parametrize(
    "said",
    [
        frame(b"x", b""),
        frame(b"r", b"no json"),
        frame(b"r", ["no object"]),
        frame(b"r", b"[" * 100_000),
        frame(b"d", b"of no file"),
        frame(b"f", ["a", "3", True]),
        frame(b"f", ["a", 3, True]) + frame(b"d", b"1234"),
        frame(b"f", ["a", 3, True]) + frame(b"r", {}),
        frame(b"r", {}) + frame(b"o", b"late"),
        b"o" + (REPLY_BYTES + 1).to_bytes(4, "big"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_lost_box(said: bytes) -> None:
    with pytest.raises(SandboxLost):
        Answer(BOUNDS).feed(said)


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a/../../b", "", "a\0"])
def test_a_file_that_claims_to_lie_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(SandboxError, match="workspace"):
        Answer(BOUNDS).feed(frame(b"f", [path, 1, False]))


def test_more_bytes_or_files_than_asked_for_are_refused() -> None:
    with pytest.raises(SandboxError, match="more than 10"):
        Answer(BOUNDS).feed(frame(b"f", ["a", 11, False]))
    with pytest.raises(SandboxError, match="more than"):
        Answer(BOUNDS).feed(b"".join(frame(b"f", [name, 0, False]) for name in "abc") + frame(b"r", {}))


@pytest.mark.parametrize(
    "reply", [{"missing": ["other"], "removed": []}, {"missing": [1], "removed": []}, {"missing": [], "removed": "a"}]
)
def test_a_box_cannot_ask_for_a_file_that_it_was_not_offered(reply: object) -> None:
    def ask(request: bytes, bounds: TransferBounds) -> Answer:
        answer = Answer(bounds)
        answer.feed(frame(b"r", reply))
        return answer

    with pytest.raises(SandboxLost, match="no sense"):
        BoxFiles(ask).keep({"a": "mark"}, BOUNDS)


class Script:
    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.heard: list[bytes] = []

    def read(self, timeout_s: float) -> list[Chunk] | None:
        return [Chunk(STDOUT, self.said.pop(0))] if self.said else None

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    def close(self) -> None:
        self.said.clear()


def test_a_program_is_not_asked_again_once_an_answer_was_broken_off() -> None:
    script = Script(frame(b"f", ["a", 11, False]), frame(b"r", {}))
    running = RunningProgram(script)
    with pytest.raises(SandboxError, match="more than 10"):
        running.ask(request("read"), BOUNDS)
    with pytest.raises(SandboxLost, match="broken off"):
        running.ask(request("scan"), BOUNDS)
    assert len(script.heard) == 1


def test_a_program_that_ends_is_a_lost_box() -> None:
    with pytest.raises(SandboxLost, match="does not answer"):
        RunningProgram(Script()).ask(request("scan"), BOUNDS)


def test_the_program_needs_nothing_of_this_package() -> None:
    text = program()
    compile(text, "program", "exec")
    assert "repowright" not in text
