from __future__ import annotations

import subprocess
import sys

import pytest

from repowright.executors import SandboxStatus
from repowright.executors.choose import choose, first_usable
from repowright.executors.diagnosis import bubblewrap_limits, diagnose, docker_kernel, docker_limits
from repowright.executors.images.names import REPOSITORY

GOOD = {
    "CgroupVersion": "2", "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
    "MemoryLimit": True, "SwapLimit": True, "PidsLimit": True,
}  # fmt: skip
DOCKER = SandboxStatus("docker", usable=False, why="no Docker daemon answers")
BUBBLEWRAP = SandboxStatus("bubblewrap", usable=True)
LOCAL = SandboxStatus("local", usable=True)


@pytest.mark.docker
@pytest.mark.bubblewrap
def test_what_both_sandboxes_are_made_of_is_told() -> None:
    facts = {fact.name: fact for fact in diagnose()}
    assert list(facts) == [
        "docker image", "docker toolchains", "docker kernel", "docker limits",
        "bubblewrap toolchains", "bubblewrap kernel", "bubblewrap limits", "local", "leftovers",
    ]  # fmt: skip
    assert REPOSITORY in facts["docker image"].detail
    assert "sha256:" in facts["docker image"].detail
    assert "held: " in facts["docker limits"].detail
    assert "cgroup version " in facts["bubblewrap kernel"].detail


def test_a_daemon_that_bounds_all_is_good() -> None:
    assert docker_limits(GOOD).good
    kernel = docker_kernel(GOOD)
    assert kernel.good
    assert kernel.detail == "cgroup version 2, seccomp on, user namespaces off, rootless no"


def test_limits_that_a_daemon_does_not_hold_are_named_with_what_helps() -> None:
    fact = docker_limits({**GOOD, "SwapLimit": False, "PidsLimit": False})
    assert not fact.good
    assert fact.detail.endswith("not held: swap, pids")
    assert "swapaccount" in fact.hint


@pytest.mark.parametrize("options", [[], ["name=seccomp,profile=unconfined"], None])
def test_a_daemon_without_seccomp_is_not_good(options: list[str] | None) -> None:
    fact = docker_kernel({**GOOD, "SecurityOptions": options})
    assert not fact.good
    assert "seccomp off" in fact.detail


def test_bubblewrap_says_which_limits_are_only_watched() -> None:
    assert bubblewrap_limits(own_user=True, grouped=True, bounded_disk=True).good
    weak = bubblewrap_limits(own_user=False, grouped=False, bounded_disk=False)
    assert not weak.good
    assert "boxes run as you; held: time, cpu time, output; memory, pids, disk held by watches alone" in weak.detail


def test_the_sandbox_that_will_be_used_is_named_with_the_reason() -> None:
    assert first_usable([BUBBLEWRAP, LOCAL])[0] == "bubblewrap"
    chosen = first_usable([DOCKER, BUBBLEWRAP, LOCAL])
    assert chosen == ("bubblewrap", "docker cannot be used (no Docker daemon answers)")
    assert first_usable([DOCKER, LOCAL])[0] is None


def test_the_local_sandbox_says_at_every_choice_that_it_isolates_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        caplog.clear()
        choose("local", unsafe_local=True).close()
        assert "this machine itself" in caplog.text


def test_the_warning_is_printed_where_nobody_set_up_logging() -> None:
    code = "from repowright.executors import choose; choose('auto', unsafe_local=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    assert done.stderr == (
        "--unsafe-local: generated code runs on this machine itself, with your files and your network\n"
    )
