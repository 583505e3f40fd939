"""The items that others come to, by the calls of the C that they stand for."""

from __future__ import annotations

from collections.abc import Collection

from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.slots import Slot
from repowright.agent.workflows.translate.studio import Layout


def with_callees(layout: Layout, direct: Collection[Slot]) -> list[Slot]:
    """Return items, and those of the C functions that theirs call, the nearest first."""
    calls: dict[Key, list[Key]] = {}
    for link in layout.encoded.links.calls:
        calls.setdefault(link.source, []).append(link.target)
    slots: dict[Key, list[Slot]] = {}
    for slot in layout.frame.slots:
        if slot.origin is not None:
            slots.setdefault(slot.origin, []).append(slot)
    found = dict.fromkeys(slot for slot in layout.frame.slots if slot in direct)
    waiting = [slot.origin for slot in found if slot.origin is not None]
    seen = set(waiting)
    while waiting:
        for target in calls.get(waiting.pop(0), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
                found |= dict.fromkeys(slots.get(target, ()))
    return list(found)
