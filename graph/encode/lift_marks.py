"""Where a stored graph keeps what a model has said, and whether it has said anything."""

from __future__ import annotations

from repowright.graph.store import Store

KIND = "lift"
AREAS, PLACED, GROUPS = "areas", "placed", "groups"


def is_lifted(store: Store) -> bool:
    """Whether a model has said anything of a stored graph. Call it inside `Store.reading` or `Store.writing`."""
    return store.blob(KIND, PLACED) is not None
