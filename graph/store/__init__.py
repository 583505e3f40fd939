"""Graphs on disk."""

from repowright.graph.store.place import cached_store, default_store, is_stored_graph
from repowright.graph.store.rows import FileRow, GroupRow, LiftRow
from repowright.graph.store.store import Store

__all__ = ["FileRow", "GroupRow", "LiftRow", "Store", "cached_store", "default_store", "is_stored_graph"]
