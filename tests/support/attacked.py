"""Runs attacks in boxes, and looks at what they left on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from attack_host import AttackedHost, processes_naming
from box_attack import BUBBLEWRAP, DOCKER, LIMITS, UNBOUND, Attack

from repowright.executors import Box, BubblewrapSandbox, DockerSandbox, Outcome, Sandbox, available
from repowright.executors.limits.defences import ALL_ON, Without

MARKS: Mapping[str, pytest.MarkDecorator] = {
    DOCKER: pytest.mark.docker,
    BUBBLEWRAP: pytest.mark.bubblewrap,
    UNBOUND: pytest.mark.bubblewrap,
}
KINDS = [pytest.param(kind, marks=mark) for kind, mark in MARKS.items()]
LIFE_S = 600
GONE_S = 5.0
CLEAN = """
import os
left = [name for folder in ('/workspace', '/tmp', '/dev/shm') for name in os.listdir(folder)]
def said(pid):
    with open(f'/proc/{pid}/cmdline', 'rb') as file:
        return file.read()
others = [pid for pid in os.listdir('/proc') if pid.isdigit() and b'att' + b'ack-' in said(pid)]
with open('/proc/sysvipc/shm') as file:
    segments = len(file.readlines()) - 1
print(left, others, segments)
"""


def sandbox_without(kind: str, cache: Path, without: Without = ALL_ON, life_s: int = LIFE_S) -> Sandbox:
    """A sandbox of a kind with some defences off; fail where it cannot be had."""
    status = {status.name: status for status in available()}[kind.partition(" ")[0]]
    if not status.usable:
        pytest.fail(f"{kind} cannot be used here: {status.why} ({status.hint})")
    if kind == DOCKER:
        return DockerSandbox(ahead=False, life_s=life_s, without=without)
    return BubblewrapSandbox(cache, kernel_bounds=kind == BUBBLEWRAP, without=without)


def strike(box: Box, python: str, attack: Attack, facts: Mapping[str, object], size: int) -> Outcome:
    """Run an attack in a box."""
    return box.run([python, "-c", attack.program(facts, size)], attack.limits)


def strike_once(sandbox: Sandbox, attack: Attack, host: AttackedHost, size: int) -> Outcome:
    """Run an attack in a box of its own, and close it."""
    with sandbox.open(attack.limits) as box:
        return strike(box, sandbox.python, attack, host.facts(sandbox.name), size)


def assert_gone(word: str, cache: Path) -> None:
    """Soon there is no process named ``word``, and no box of ``cache``."""
    deadline = time.monotonic() + GONE_S
    while left := [*processes_naming(word), *(path for path in cache.glob("boxes/*") if path.is_dir())]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
    assert str(cache / "boxes") not in Path("/proc/mounts").read_text(encoding="utf-8")


def assert_next_run_is_clean(sandbox: Sandbox) -> None:
    """A new box holds no file, no process and no shared memory of an attack."""
    with sandbox.open(LIMITS) as box:
        assert box.run([sandbox.python, "-c", CLEAN], LIMITS).stdout == "[] [] 0\n"
