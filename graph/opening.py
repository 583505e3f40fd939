"""Opening a graph, whatever form it is kept in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repowright.graph.errors import SchemaError
from repowright.graph.model import RPG
from repowright.graph.serial import load
from repowright.graph.store.place import FILE, FOLDER, cached_store, is_stored_graph

JSON_FILE = "graph.json"


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A file that holds a graph; ``folder`` is the repository it was made from, as far as its place tells."""

    path: Path
    folder: Path | None


def find_graph(path: Path) -> GraphFile | None:
    """Return the graph that a path names: a file, or a folder's stored graph, or its ``graph.json``."""
    if path.is_file():
        inside = path.parent.name == FOLDER
        return GraphFile(path, path.parent.parent if inside else None)
    if not path.is_dir():
        return None
    for place in (path / FOLDER / FILE, cached_store(path), path / JSON_FILE, path / FOLDER / JSON_FILE):
        if place.is_file():
            return GraphFile(place, path)
    return None


def open_graph(path: Path) -> RPG:
    """Return the graph that a path names, read from JSON or from a store.

    Raises
    ------
    SchemaError
        If there is no graph.
    StoreError
        If it is stored, and the store cannot be read.
    """
    found = find_graph(path)
    if found is None:
        raise SchemaError(f"{path} holds no graph", "make one with repowright encode")
    if is_stored_graph(found.path):
        from repowright.graph.encode import load_graph

        return load_graph(found.path)
    return load(found.path)
