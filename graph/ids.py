"""Ids that depend on content alone: the same code or plan gives the same ids in every process."""

from __future__ import annotations

import hashlib
import unicodedata

from repowright.graph.kinds import NodeKind


def normalise(text: str) -> str:
    """Return a phrase as ids see it: NFKC, case-folded, single spaces.

    Examples
    --------
    >>> normalise("  Parse   CSV files ")
    'parse csv files'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def node_id(kind: NodeKind, anchor: str) -> str:
    """Return the id of a node of this kind at this anchor.

    Parameters
    ----------
    anchor
        ``path`` for a file or directory, ``path::qualname`` for a definition, the normalised phrase for a
        repository, area or feature, ``area/category`` for a category.

    Examples
    --------
    >>> node_id(NodeKind.FILE, "shop/cart.py")
    'file:ec0064e19fddcf52'
    """
    digest = hashlib.sha256(f"{kind}\0{anchor}".encode()).hexdigest()
    return f"{kind}:{digest[:16]}"
