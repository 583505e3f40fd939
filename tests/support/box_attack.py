"""What an attack on a box is, and when it got through.

An attack prints ``reached`` for what it got and ``denied``, with the exception, for what it did not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repowright.executors import Ended, Limits, Outcome
from repowright.executors.limits.defences import Defence as D
from repowright.executors.limits.defences import Without

DOCKER, BUBBLEWRAP, UNBOUND = "docker", "bubblewrap", "bubblewrap without kernel bounds"
LIMITS = Limits(wall_s=10, cpu_s=8, memory_mb=64, pids=24, disk_mb=16, output_bytes=200_000)
PRELUDE = """
import ctypes, errno, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NEW_USER, NEW_MOUNTS, NEW_NETWORK = 0x10000000, 0x20000, 0x40000000
def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def attempt(name, action):
    try:
        action()
    except Exception as err:
        print('denied', name, type(err).__name__, err, flush=True)
    else:
        print('reached', name, flush=True)
def seen(name, is_there):
    print('reached' if is_there else 'denied', name, '' if is_there else 'NotFound', flush=True)
def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read(1_000_000)
    except OSError:
        return b''
"""


class GotThrough(AssertionError):
    """An attack reached what a defence should have kept from it."""


@dataclass(frozen=True)
class Attack:
    """One attack. ``full`` and ``mild`` are its SIZE with all defences on, and with one of them off."""

    name: str
    code: str
    off: Mapping[str, Sequence[Without]]
    ended: Ended = Ended.EXITED
    full: int = 0
    mild: int = 0
    limits: Limits = LIMITS
    life_s: int = 600
    only: Sequence[str] = (DOCKER, BUBBLEWRAP, UNBOUND)
    evidence: frozenset[str] = field(default_factory=frozenset)
    """What the host must have seen once the attack got through."""

    def program(self, facts: Mapping[str, object], size: int) -> str:
        """The text that runs in the box."""
        told = "".join(f"{name} = {value!r}\n" for name, value in {**facts, "SIZE": size}.items())
        return told + PRELUDE + self.code

    def judge(self, outcome: Outcome, evidence: Sequence[str]) -> None:
        """Raise ``GotThrough`` for what was reached, AssertionError where the result does not name the attack."""
        said = outcome.stdout.splitlines()
        reached = [line for line in said if line.startswith("reached")] + list(evidence)
        if reached:
            raise GotThrough(f"{self.name}: {reached}")
        assert outcome.ended is self.ended, (self.name, outcome)
        if self.ended is Ended.EXITED:
            assert outcome.exit_code == 0, (self.name, outcome)
            assert said and all(line.startswith("denied") for line in said), (self.name, outcome)


def sets(*defences: Sequence[D]) -> tuple[Without, ...]:
    """Sets of defences."""
    return tuple(frozenset(each) for each in defences)


def everywhere(*defences: D) -> dict[str, tuple[Without, ...]]:
    """The same set of defences for each kind of sandbox."""
    return dict.fromkeys((DOCKER, BUBBLEWRAP, UNBOUND), sets(defences))


def by_kind(docker: Sequence[D], bubblewrap: Sequence[D]) -> dict[str, tuple[Without, ...]]:
    """One set for Docker, another for bubblewrap with and without kernel bounds; an empty one is no set."""
    found = {DOCKER: sets(docker), BUBBLEWRAP: sets(bubblewrap), UNBOUND: sets(bubblewrap)}
    return {kind: each for kind, each in found.items() if each != sets(())}
