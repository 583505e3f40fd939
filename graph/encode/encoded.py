"""Encoding and evolving as one call each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from repowright.graph.encode.lift_marks import is_lifted
from repowright.graph.encode.pipeline import Means, update
from repowright.graph.encode.report import UpdateReport
from repowright.graph.errors import EncodeError
from repowright.graph.store import Store, default_store, is_stored_graph
from repowright.repo_tools.snapshot import Snapshot
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

if TYPE_CHECKING:
    from repowright.graph.model import RPG


@dataclass(frozen=True)
class Encoded:
    """A stored graph, and what the update took that brought it to its state."""

    store_path: Path
    report: UpdateReport

    def graph(self) -> RPG:
        """Return the graph, read from the store.

        Raises
        ------
        StoreError
            If the store cannot be read any more.
        """
        return load_graph(self.store_path)

    def to_json(self, path: Path) -> None:
        """Write the graph as canonical JSON, all or nothing.

        Raises
        ------
        StoreError
            If the store cannot be read any more, or the file cannot be written.
        """
        from repowright.graph.encode.export import export_json

        with Store(self.store_path, create=False, read_only=True) as store:
            export_json(store, path)


def encode(
    source: Path | Snapshot,
    store_path: Path | None = None,
    languages: Collection[str] = (),
    means: Means | None = None,
) -> Encoded:
    """Bring the stored graph of a source tree to its state; what is stored already is not worked out again.

    Parameters
    ----------
    source
        Folder of a work tree, or any snapshot.
    store_path
        Where the graph is stored; for a folder ``.repowright/graph.rpg`` inside it if it is `None`.
    languages
        Names of the languages to read; all if it is empty.

    Raises
    ------
    RepoToolsError
        If the tree cannot be listed.
    StoreError
        If the graph cannot be stored there.
    EncodeError
        If a language is unknown, no place is given for a snapshot, or a worker process died.
    """
    snapshot: Snapshot = WorkTreeSnapshot(source) if isinstance(source, Path) else source
    return _updated(_place(source, store_path), snapshot, languages, means, create=True)


def evolve(store_path: Path, snapshot: Snapshot, means: Means | None = None) -> Encoded:
    """Bring a stored graph to the state of a snapshot, in the languages it was encoded in.

    Raises
    ------
    RepoToolsError
        If the snapshot cannot be listed.
    StoreError, SchemaError
        If there is no such stored graph, or it cannot be written.
    EncodeError
        If a worker process died.
    """
    return _updated(store_path, snapshot, None, means, create=False)


def load_graph(path: Path) -> RPG:
    """Return the graph that a file holds, stored or as JSON.

    Raises
    ------
    StoreError, SchemaError
        If it cannot be read or holds none.
    """
    if not is_stored_graph(path):
        from repowright.graph.serial import load

        return load(path)
    from repowright.graph.encode.assembly import stored_graph

    with Store(path, read_only=True) as store:
        return stored_graph(store)


def _updated(
    path: Path, snapshot: Snapshot, languages: Collection[str] | None, means: Means | None, *, create: bool
) -> Encoded:
    with Store(path, create=create) as store:
        report = update(store, snapshot, languages, means)
        _recall_lifts(store, snapshot)
    return Encoded(path, report)


def _recall_lifts(store: Store, snapshot: Snapshot) -> None:
    """Put back what a model once wrote of source that is the same."""
    with store.reading():
        lifted = is_lifted(store)
    if lifted:
        from repowright.graph.encode.lift_store import recall_stored

        recall_stored(store, snapshot.read)


def _place(source: Path | Snapshot, store_path: Path | None) -> Path:
    if store_path is not None:
        return store_path
    if isinstance(source, Path):
        return default_store(source)
    raise EncodeError("a snapshot has no place of its own to be stored in", "give store_path")
