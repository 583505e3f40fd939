"""What one owner has on this machine, of every kind that a sandbox makes."""

from __future__ import annotations

import os
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


def processes_of_containers(containers: list[str]) -> list[int]:
    """Processes of this machine in the control groups of ``containers``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            text = entry.read_text("utf-8")
        except OSError:
            continue
        if any(container in text for container in containers):
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
