"""Checks of a graph that was encoded from source: what stands there is no plan, so most faults of plans are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from repowright.graph.kinds import NodeKind, State
from repowright.graph.lint import dependencies
from repowright.graph.lint.finding import Finding, warning
from repowright.graph.model import RPG
from repowright.graph.tags import UNPARSED


def is_encoded(rpg: RPG) -> bool:
    """Tell whether the graph says what is there, not what shall be: nothing is planned, no feature to be realised."""
    return not rpg.nodes(NodeKind.FEATURE) and all(node.state is not State.PLANNED for node in rpg.nodes(NodeKind.FILE))


def unparsed_file(rpg: RPG) -> Iterator[Finding]:
    """Report files that could not be read, with the reason."""
    for file in rpg.nodes(NodeKind.FILE):
        if UNPARSED in file.tags:
            yield warning("unparsed-file", f"{file.path} could not be read: {file.doc.partition(chr(10))[0]}", file)


def circular_import(rpg: RPG) -> Iterator[Finding]:
    """Report files that need each other in a circle; in code that runs this is advice."""
    for finding in dependencies.file_cycle(rpg):
        yield replace(finding, severity="warning")
