"""Labels that say who owns a thing of Docker's and until when, so that orphans can be told from what is in use."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.executors.ownership import label_is_gone, this_owner

OWNER = "repowright.owner"
DEADLINE = "repowright.deadline"


def owner_labels(now_s: float, life_s: float) -> dict[str, str]:
    """Labels of a container, volume, network or image made now by this process, living ``life_s`` seconds at most."""
    return {OWNER: this_owner().label, DEADLINE: str(int(now_s + life_s))}


def is_orphan(labels: Mapping[str, str], now_s: float) -> bool:
    """True when the deadline passed, or the owner ran on this machine and is gone."""
    deadline = labels.get(DEADLINE, "")
    if deadline.isdigit() and int(deadline) < now_s:
        return True
    return label_is_gone(labels.get(OWNER, ""))
