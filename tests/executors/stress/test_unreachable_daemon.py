from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.executors import SandboxUnavailable, available
from repowright.executors.docker.client import Daemon
from repowright.executors.reaping import reap


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    return path


@pytest.fixture
def deaf(place: Path) -> Iterator[Path]:
    """A socket whose owner takes every connection and never answers."""
    held = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(place))
    listener.listen()

    def take() -> None:
        try:
            while True:
                held.append(listener.accept()[0])
        except OSError:
            return

    taker = threading.Thread(target=take)
    taker.start()
    yield place
    listener.shutdown(socket.SHUT_RDWR)
    taker.join(5)
    listener.close()
    for each in held:
        each.close()


def refusal() -> tuple[SandboxUnavailable, float]:
    started = time.monotonic()
    with pytest.raises(SandboxUnavailable) as caught:
        Daemon(timeout_s=2)
    return caught.value, time.monotonic() - started


def test_a_socket_that_is_not_there_is_told_at_once_with_what_helps(place: Path) -> None:
    error, seconds = refusal()
    assert (error.message, error.hint) == ("no Docker daemon answers", "start Docker, or use bubblewrap")
    assert seconds < 2


def test_a_socket_file_that_nobody_serves_is_told_at_once(place: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abandoned:
        abandoned.bind(str(place))
    error, seconds = refusal()
    assert (error.message, error.hint) == ("no Docker daemon answers", "start Docker, or use bubblewrap")
    assert seconds < 2


def test_a_listener_that_never_answers_is_given_up_in_seconds(deaf: Path) -> None:
    error, seconds = refusal()
    assert error.message == "no Docker daemon answers"
    assert "restart Docker" in error.hint
    assert seconds < 6


def test_choosing_and_reaping_go_on_without_a_daemon_that_hangs(deaf: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    docker = next(status for status in available() if status.name == "docker")
    assert not docker.usable
    assert docker.why == "no Docker daemon answers"
    reaped = reap([tmp_path / "cache"])
    assert [line.partition(":")[0] for line in reaped.kept] == ["Docker's"]
    assert time.monotonic() - started < 20


def test_reaping_where_there_is_no_docker_has_nothing_to_say(place: Path, tmp_path: Path) -> None:
    assert reap([tmp_path / "cache"]).kept == ()
