"""Evolving a graph that is kept as JSON: through a store in the user's cache, then written anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from repowright.graph.encode.assembly import LANGUAGE
from repowright.graph.encode.encoded import Encoded
from repowright.graph.encode.pipeline import Means, update
from repowright.graph.errors import EncodeError, SchemaError
from repowright.graph.serial import SCHEMA
from repowright.graph.store import Store, cached_store
from repowright.repo_tools.snapshot import Snapshot

_PLAN_KINDS = frozenset({"feature", "directory"})


def evolve_json(path: Path, snapshot: Snapshot, means: Means | None = None) -> Encoded:
    """Bring a graph kept as JSON to the state of a snapshot and write it anew, all or nothing.

    Raises
    ------
    SchemaError
        If the file holds no graph.
    EncodeError
        If it holds a plan, not an encoded repository.
    StoreError
        If the file or the cache cannot be written.
    RepoToolsError
        If the snapshot cannot be listed.
    """
    name, languages = _identity(path)
    place = cached_store(path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise EncodeError(f"the cache {place.parent} cannot be made: {err.strerror}", "evolve a stored graph") from err
    with Store(place, create=True) as store:
        with store.writing():
            store.put_meta({"name": name})
        report = update(store, snapshot, languages, means)
    encoded = Encoded(place, report)
    encoded.to_json(path)
    return replace(encoded, report=report)


def _identity(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the name of the repository and the languages that its graph is bound to."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise SchemaError(f"{path} holds no graph: {err}", "name a graph") from err
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        from repowright.graph.serial import load

        load(path)
        raise SchemaError(f"{path} has another schema than {SCHEMA}", "encode again")
    nodes = data.get("nodes", ())
    root = next((node for node in nodes if node.get("kind") == "repository"), None)
    if root is None:
        raise SchemaError(f"{path} has no repository", "encode again")
    if any(node.get("kind") in _PLAN_KINDS for node in nodes):
        raise EncodeError(f"{path} holds a plan, not an encoded repository", "encode the repository first")
    marks = (tag.removeprefix(LANGUAGE) for tag in root.get("tags", ()) if tag.startswith(LANGUAGE))
    return root["name"], tuple(sorted(marks))
