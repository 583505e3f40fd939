"""How files find each other's definitions: from facts and what other files contribute to edges."""

from __future__ import annotations

from repowright.graph.encode.contribution import Resolver
from repowright.graph.encode.resolve.linker import Linker

VERSION = 1
"""Raised whenever the contributions or edges of some file change, so that stored ones are made anew."""


def resolver() -> Resolver:
    """Return the resolver of all languages; it keeps nothing between calls."""
    return Linker()
