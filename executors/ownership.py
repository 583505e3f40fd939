"""Who owns what a sandbox leaves on a machine, written so that another process can tell whether the owner is gone."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

LIFE_S = 3600
"""Longest life of a box, seconds: after its deadline it is killed, whether its owner lives or not."""
TAG = re.compile(r"([0-9a-f]{8})\.([0-9]+)\.([0-9]+)\.([0-9]+)")
DEAD_STATES = frozenset("ZXx")


@dataclass(frozen=True)
class Owner:
    """One process. Its pid means something in its boot and pid namespace; ``started`` tells it from later ones."""

    boot: str
    namespace: str
    pid: int
    started: str

    @property
    def place(self) -> str:
        """The boot and the pid namespace."""
        return f"{self.boot}/{self.namespace}"

    @property
    def label(self) -> str:
        """One line for a label: place, pid and start."""
        return f"{self.place} {self.pid} {self.started}"

    @property
    def tag(self) -> str:
        """The owner as part of a file name."""
        inode = "".join(filter(str.isdigit, self.namespace)) or "0"
        return f"{_short(self.boot)}.{inode}.{self.pid}.{self.started or 0}"


def this_owner() -> Owner:
    """The owner that this process is."""
    boot, namespace = _here()
    return Owner(boot, namespace, os.getpid(), _started(os.getpid()))


def owner_of_label(label: str) -> Owner:
    """Read back what ``Owner.label`` wrote."""
    place, pid, started = label.split(" ")
    boot, _, namespace = place.partition("/")
    return Owner(boot, namespace, int(pid), started)


def owned_name(prefix: str) -> str:
    """The beginning of a file name that says whose the file is."""
    return f"{prefix}{this_owner().tag}-"


def label_is_gone(label: str) -> bool:
    """True when the owner that ``label`` names ran in this place and is gone; unsure means it lives."""
    place, _, process = label.partition(" ")
    pid, _, started = process.partition(" ")
    return place == "/".join(_here()) and pid.isdigit() and _started(int(pid)) != started


def tag_is_gone(name: str) -> bool:
    """True when the owner whose tag stands in ``name`` is gone; another boot of this machine ended it too."""
    found = TAG.search(name)
    if found is None:
        return False
    boot, namespace = _here()
    inode = "".join(filter(str.isdigit, namespace)) or "0"
    if found[1] != _short(boot):
        return boot != "unknown"
    return found[2] == inode and (_started(int(found[3])) or "0") != found[4]


def _short(boot: str) -> str:
    digits = re.sub(r"[^0-9a-f]", "", boot)
    return digits[:8].ljust(8, "0")


def _here() -> tuple[str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot, os.readlink("/proc/self/ns/pid")
    except OSError:
        return "unknown", "unknown"


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty for one that is gone or waits to be buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in DEAD_STATES else fields[19]
