"""Corpora of stored graphs: bags are made once for each content and kept beside the graph."""

from __future__ import annotations

import ormsgpack

from repowright.graph.encode.ledger import facts_key
from repowright.graph.encode.nodes import NodeRow
from repowright.graph.kinds import NodeKind
from repowright.graph.locate.corpus import Corpus
from repowright.graph.model import RPG
from repowright.graph.sources import Sources
from repowright.graph.store import FileRow, Store
from repowright.graph.tags import TEST
from repowright.repo_tools import facts_codec
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.registry import frontend_for, is_source
from repowright.repo_tools.snapshot import Snapshot, blob_id
from repowright.repo_tools.textindex import bags
from repowright.repo_tools.textindex.words import VERSION, vocabulary

KIND = f"bag/{bags.FORMAT}.{VERSION}"
"""What bags are kept as beside a graph."""

_DEFINED = frozenset({NodeKind.CLASS, NodeKind.STRUCT, NodeKind.ENUM, NodeKind.FUNCTION, NodeKind.METHOD})


def stored_corpus(store: Store, snapshot: Snapshot) -> Corpus:
    """Return the corpus of a stored graph; files that cannot be read are left out, as are tests.

    Parameters
    ----------
    store
        Open for writing: new bags are kept in it.
    snapshot
        The state that the graph was encoded from.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    """
    with store.reading():
        purposes = _stored_purposes(store)
    return Corpus(stored_bags(store, snapshot), purposes)


def stored_bags(store: Store, snapshot: Snapshot, *, keep: bool = True) -> list[tuple[str, bags.Bag]]:
    """Return path and bag of the files of a stored graph that are no tests, sorted.

    Parameters
    ----------
    snapshot
        Where the code is read from; a file that is not what it was when the graph was made is left out.
    keep
        Whether new bags are put into the store.

    Raises
    ------
    StoreError
        If the store cannot be read, or written though it is to keep them.
    """
    with store.reading():
        rows = {path: row for path, row in store.files().items() if not row.is_test and row.reader}
        kept = store.blobs(KIND)
    found, new = _Bags(store, snapshot, kept), dict[str, bytes]()
    files = [(path, bag) for path, row in sorted(rows.items()) if (bag := found.bag(row, new)) is not None]
    if new and keep:
        stale = kept.keys() - {_key(row) for row in rows.values()}
        with store.writing():
            store.put_blobs(KIND, new)
            store.remove_blobs(KIND, sorted(stale))
    return files


def graph_corpus(rpg: RPG, sources: Sources) -> Corpus:
    """Return the corpus of a graph whose code is at hand as text."""
    purposes = {(node.path, node.qualname): node.feature for node in rpg.nodes(*_DEFINED) if node.feature}
    return Corpus(graph_bags(rpg, sources), purposes)


def graph_bags(rpg: RPG, sources: Sources) -> list[tuple[str, bags.Bag]]:
    """Return path and bag of the files of a graph that are no tests and whose text can be had."""
    words, files = vocabulary(), []
    for node in rpg.nodes(NodeKind.FILE):
        text = None if TEST in node.tags or not is_source(node.path) else sources.text(node.path)
        if text is not None:
            content = text.encode("utf-8", "surrogatepass")
            files.append((node.path, bags.make_bag(frontend_for(node.path).read(node.path, content), content, words)))
    return files


class _Bags:
    """Bags of files, kept ones first."""

    def __init__(self, store: Store, snapshot: Snapshot, kept: dict[str, bytes]) -> None:
        self._store = store
        self._snapshot = snapshot
        self._kept = kept

    def bag(self, row: FileRow, new: dict[str, bytes]) -> bags.Bag | None:
        """Return a file's bag, put into ``new`` if it was not kept; `None` if the file cannot be read."""
        key = _key(row)
        packed = self._kept.get(key)
        if packed is not None:
            return bags.unpack(packed)
        try:
            content = self._snapshot.read(row.path)
        except RepoToolsError:
            return None
        if blob_id(content) != row.content:
            return None
        made = bags.make_bag(self._facts(row, content), content, vocabulary())
        new[key] = bags.pack(made)
        return made

    def _facts(self, row: FileRow, content: bytes) -> FileFacts:
        packed = self._store.facts(facts_key(row))
        return facts_codec.unpack(row.path, packed) if packed else frontend_for(row.path).read(row.path, content)


def _key(row: FileRow) -> str:
    return f"{row.reader}:{row.content}"


def _stored_purposes(store: Store) -> dict[tuple[str, str], str]:
    paths = {path for path, row in store.files().items() if not row.is_test and row.reader}
    found: dict[tuple[str, str], str] = {}
    for path, nodes, _ in store.segments():
        if path in paths:
            for row in ormsgpack.unpackb(nodes):
                node = NodeRow(*row)
                found.setdefault((path, node.qualname), node.feature)
    return found
