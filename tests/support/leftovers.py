"""What one owner has on this machine, of every kind that a sandbox makes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from second_daemon import processes_naming

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.ownership import OWNER
from repowright.executors.limits import cgroup
from repowright.executors.ownership import Owner


def docker_leftovers(owner: Owner) -> list[str]:
    """Containers, volumes and networks that carry the owner's label."""
    daemon = Daemon()
    filters = {"label": f"{OWNER}={owner.label}"}
    try:
        found = [f"container {each['Id']}" for each in daemon.api.containers(all=True, filters=filters)]
        found += [f"volume {each['Name']}" for each in daemon.api.volumes(filters)["Volumes"] or ()]
        found += [f"network {each['Id']}" for each in daemon.api.networks(filters=filters)]
    finally:
        daemon.close()
    return sorted(found)


def bubblewrap_leftovers(cache: Path, owner: Owner) -> list[str]:
    """Folders, mounts and processes of boxes in ``cache``, and the owner's control groups."""
    boxes = cache / "boxes"
    found = [f"folder {path}" for path in sorted(boxes.glob("*")) if path.suffix != ".lock"]
    mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    found += [f"mount {line.split()[1]}" for line in mounts if line.split()[1].startswith(f"{boxes}/")]
    found += [f"process {pid}" for pid in processes_naming(str(boxes))]
    return found + [f"group {name}" for name in cgroup.groups_named("") if owner.tag in name]


def none_left(look: Callable[[], Sequence[object]], within_s: float = 30.0) -> bool:
    """True once nothing is found any more: the kernel takes its time with the killed."""
    deadline = time.monotonic() + within_s
    while look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def processes_of_containers(containers: list[str]) -> list[int]:
    """Processes of this machine in the control groups of ``containers``, those only not yet reaped left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            text = entry.read_text("utf-8")
            state = entry.with_name("stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX" and any(container in text for container in containers):
            found.append(int(entry.parent.name))
    return sorted(found)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def resident_kb() -> int:
    """Memory that this process holds, kilobytes."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")
