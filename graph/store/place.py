"""Where the graph of a folder is stored, and how a file is told to be a stored graph."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from repowright.graph.errors import StoreError
from repowright.graph.store.schema import MAGIC

FOLDER = ".repowright"
FILE = "graph.rpg"


def default_store(folder: Path) -> Path:
    """Return where the graph of a folder is stored: inside it, or in the user's cache where it cannot be written.

    Raises
    ------
    StoreError
        If neither can be written.
    """
    inside = folder / FOLDER
    if (inside / FILE).is_file() and os.access(inside / FILE, os.W_OK) and os.access(inside, os.W_OK):
        return inside / FILE
    if _made(inside):
        return inside / FILE
    cached = cached_store(folder)
    if _made(cached.parent):
        return cached
    raise StoreError(f"the graph of {folder} can be stored neither there nor in {cached.parent}", "see to permissions")


def cached_store(path: Path) -> Path:
    """Return the place in the user's cache that belongs to a path."""
    from platformdirs import user_cache_path

    real = os.path.realpath(path)
    digest = hashlib.sha256(real.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_cache_path("repowright") / "graphs" / f"{Path(real).name or 'root'}-{digest}.rpg"


def is_stored_graph(path: Path) -> bool:
    """Tell whether a file begins as a stored graph does.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError as err:
        raise StoreError(f"{path} cannot be read: {err.strerror or err}", "name a graph") from err


def _made(folder: Path) -> bool:
    """Make the folder, kept out of every repository by its own ignore file; tell whether it can be written."""
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if folder.name == FOLDER and not ignore.exists():
            ignore.write_text("*\n" if new else f"{FILE}*\n.gitignore\n", encoding="utf-8")
        return os.access(folder, os.W_OK)
    except OSError:
        return False
