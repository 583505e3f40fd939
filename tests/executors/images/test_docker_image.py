from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from repowright.executors import (
    DockerSandbox,
    Limits,
    build_image,
    find_image,
    image_name,
    run_pytest,
    start_daemon,
)
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.ownership import OWNER, owner_labels
from repowright.executors.images.build import build_on
from repowright.executors.images.names import BASE_VARIABLE, IMAGE_VARIABLE, ORIGIN_LABEL, image_labels

pytestmark = pytest.mark.docker
LIMITS = Limits(wall_s=10, memory_mb=128, pids=24, disk_mb=16)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    find_image(made)
    yield made
    made.close()


def test_building_what_is_there_does_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    image = find_image(daemon)
    said: list[str] = []
    monkeypatch.delenv("REPOWRIGHT_IMAGE", raising=False)
    if daemon.has_image(build := find_image(daemon)):
        assert build_image(said.append) == build
        assert said == [f"image {build} is there"]
    assert image


def test_a_daemon_that_answers_is_not_started_again(daemon: Daemon) -> None:
    said: list[str] = []
    assert start_daemon(said.append) == daemon.version
    assert said == [f"dockerd {daemon.version} answers already"]


def test_test_tools_are_added_to_a_base_image(daemon: Daemon) -> None:
    image = "repowright-python:test"
    probe = DockerSandbox(ahead=False)
    with probe.open(LIMITS) as box:
        said = box.run([probe.python, "-c", "import sys; print(*sys.version_info[:2])"], LIMITS).stdout.split()
    probe.close()
    build_on(daemon, find_image(daemon), (int(said[0]), int(said[1])), image, "test")
    try:
        sandbox = DockerSandbox(image, ahead=False)
        assert run_pytest(sandbox, {"test_a.py": b"def test_a(): pass\n"}, limits=LIMITS).passed
        sandbox.close()
    finally:
        daemon.api.remove_image(image, force=True)


@pytest.mark.slow
def test_an_image_made_of_this_machine_takes_a_toolchain_too(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(IMAGE_VARIABLE, raising=False)
    monkeypatch.setenv(BASE_VARIABLE, f"127.0.0.1:1/none@sha256:{os.getpid():064x}")
    said: list[str] = []
    image = build_image(said.append, source="host", toolchains=["c"])
    try:
        assert image_labels(daemon, image)[ORIGIN_LABEL] == "host"
        assert "apt does not work: the image build failed: " in "\n".join(said)
        sandbox = DockerSandbox(toolchains=["c"], ahead=False)
        assert sandbox.image == image
        sandbox.close()
    finally:
        daemon.api.remove_image(image, force=True)
        daemon.api.remove_image(image_name(), force=True)


def test_a_container_opened_ahead_is_used_once_and_removed_with_the_sandbox(daemon: Daemon) -> None:
    sandbox = DockerSandbox(ahead=True)
    for _ in range(3):
        with sandbox.open(LIMITS) as box:
            assert box.run(["ls", "-A", "/workspace", "/tmp"], LIMITS).stdout == "/tmp:\n\n/workspace:\n"
            box.put({"left": b"x"})
    sandbox.close()
    wait_until_none_of(owner_labels(0, 0)[OWNER], daemon)


def start_owner(ending: str) -> str:
    code = (
        "import os\nfrom repowright.executors import *\nbox = DockerSandbox(ahead=False).open(Limits())\n"
        f"print(box._container, flush=True)\n{ending}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, text=True)
    return done.stdout.strip()


def test_what_a_killed_owner_left_is_removed_by_the_next_sandbox(daemon: Daemon) -> None:
    orphan = start_owner("os.kill(os.getpid(), 9)")
    assert daemon.is_running(orphan)
    DockerSandbox(ahead=False).close()
    assert not daemon.is_running(orphan)


def test_a_process_that_ends_without_closing_its_sandbox_leaves_no_container(daemon: Daemon) -> None:
    left = start_owner("")
    assert left
    assert not daemon.is_running(left)


def wait_until_none_of(owner: str, daemon: Daemon) -> None:
    deadline = time.monotonic() + 5
    while found := daemon.labelled(f"{OWNER}={owner}"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
