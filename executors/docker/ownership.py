"""Labels that say who owns a container and until when, so that orphans can be told from boxes in use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

OWNER = "repowright.owner"
DEADLINE = "repowright.deadline"


def owner_labels(now_s: float, life_s: float) -> dict[str, str]:
    """Labels of a container opened now by this process, living at most ``life_s`` seconds."""
    return {OWNER: f"{_place()} {os.getpid()} {_started(os.getpid())}", DEADLINE: str(int(now_s + life_s))}


def is_orphan(labels: Mapping[str, str], now_s: float) -> bool:
    """True when the deadline passed, or the owner ran on this machine and is gone."""
    deadline = labels.get(DEADLINE, "")
    if deadline.isdigit() and int(deadline) < now_s:
        return True
    place, _, process = labels.get(OWNER, "").partition(" ")
    pid, _, started = process.partition(" ")
    return place == _place() and pid.isdigit() and _started(int(pid)) != started


def _place() -> str:
    """The boot and pid namespace: a pid means something only there."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return "unknown"


def _started(pid: int) -> str:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19]
