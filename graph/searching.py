"""The search index of a graph with its code: made once for each state, and kept beside a stored graph."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import xxhash

from repowright.graph.bodies import bodies_of
from repowright.graph.errors import StoreError
from repowright.graph.locate.reading import graph_bags, stored_bags
from repowright.graph.model import RPG
from repowright.graph.search import SearchIndex
from repowright.graph.sources import Sources
from repowright.graph.store import FileRow, Store
from repowright.repo_tools.snapshot import Snapshot
from repowright.repo_tools.textindex import bags
from repowright.repo_tools.textindex.words import VERSION

_log = logging.getLogger(__name__)

FORMAT = 1
"""Raised whenever an index weighs or holds something else."""

KIND = f"search/{FORMAT}.{bags.FORMAT}.{VERSION}"
"""What indices are kept as beside a graph."""


def graph_index(rpg: RPG, sources: Sources) -> SearchIndex:
    """Return the index of a graph whose code is at hand as text."""
    return SearchIndex(rpg, bodies_of(rpg, graph_bags(rpg, sources)))


def stored_index(path: Path, rpg: RPG, snapshot: Snapshot) -> SearchIndex:
    """Return the index of a stored graph.

    It is kept beside the graph where that can be written; a graph that somebody else writes, or that cannot be
    written at all, is searched all the same.

    Parameters
    ----------
    rpg
        The graph of the store.
    snapshot
        Where its code is read from; files that are not what they were when the graph was made have no body.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    with Store(path, read_only=True) as store:
        with store.reading():
            files = store.files()
            key = _state(rpg, files.values(), snapshot.revision)
            packed = store.blob(KIND, key)
        if packed is not None:
            return SearchIndex.unpacked(rpg, packed)
    try:
        with Store(path) as store:
            found = stored_bags(store, snapshot)
            index = SearchIndex(rpg, bodies_of(rpg, found))
            if _is_whole(found, files.values()):
                with store.writing():
                    store.remove_blobs(KIND, sorted(store.blob_keys(KIND)))
                    store.put_blobs(KIND, {key: index.packed()})
            return index
    except StoreError as err:
        _log.info("the search index of %s is not kept: %s", path, err)
        with Store(path, read_only=True) as store:
            return SearchIndex(rpg, bodies_of(rpg, stored_bags(store, snapshot, keep=False)))


def _is_whole(found: Sequence[tuple[str, bags.Bag]], files: Iterable[FileRow]) -> bool:
    """Whether every file that can be read has its bag: an index of part of the code is for today."""
    return len(found) == sum(not row.is_test and row.reader != "" and row.content[:1] != "!" for row in files)


def _state(rpg: RPG, files: Iterable[FileRow], revision: str) -> str:
    """What tells one state of a graph from another: its sources, its nodes, and what they are for."""
    digest = xxhash.xxh3_128(revision.encode())
    for row in files:
        digest.update(f"{row.path}\0{row.content}\0{row.reader}\n".encode("utf-8", "surrogatepass"))
    for node in rpg.nodes():
        digest.update(f"{node.id}\0{node.name}\0{node.feature}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
