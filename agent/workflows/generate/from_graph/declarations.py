"""Declarations told from behaviour: records, enumerations, exceptions and protocols have nothing to be written."""

from __future__ import annotations

from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.graph.records import Node
from repowright.graph.sources import Sources
from repowright.graph.tags import BASE_TYPE
from repowright.repo_tools.heads import is_plain_class


def is_declaration(rpg: RPG, node: Node, sources: Sources) -> bool:
    """Return whether a class declares and does nothing that a test on a stub could miss.

    The code decides where it is at hand. Without it, a class of no methods counts.
    """
    if BASE_TYPE in node.tags:
        return True
    text = sources.text(node.path)
    plain = None if text is None else is_plain_class(text, node.qualname)
    return not rpg.children(node.id, NodeKind.METHOD) if plain is None else plain
