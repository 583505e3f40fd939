"""What an update did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateReport:
    """What it took to bring a stored graph to the state of a snapshot.

    Parameters
    ----------
    revision
        Commit the graph now stands for; empty for a work tree.
    files
        Source files in the graph.
    others
        Files that are no source, and links.
    read
        Files that were new or different.
    parsed
        Those of them that a frontend read; the others' facts were known.
    resolved
        Files whose edges were looked for.
    renamed
        New files with the content of one that is gone.
    nodes, edges
        How many the graph has, ``contains`` edges not counted.
    moved
        Files that came to another area or category.
    errors
        Files that could not be read or parsed, wholly or in part, each with the reason.
    unfit
        Source files whose names no graph can hold; they alone are not in it.
    seconds
        Wall time by stage.
    """

    revision: str
    files: int
    others: int
    read: int
    parsed: int
    resolved: int
    removed: int
    renamed: int
    nodes: int
    edges: int
    nodes_added: int = 0
    nodes_removed: int = 0
    nodes_changed: int = 0
    edges_added: int = 0
    edges_removed: int = 0
    edges_changed: int = 0
    moved: int = 0
    model_calls: int = 0
    tokens: int = 0
    lifted: int = 0
    errors: tuple[tuple[str, str], ...] = ()
    unfit: tuple[tuple[str, str], ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()

    @property
    def total_seconds(self) -> float:
        """Wall time of the whole update."""
        return sum(seconds for _, seconds in self.seconds)

    @property
    def changed(self) -> bool:
        """Whether the graph is another one now."""
        return any(
            (
                self.nodes_added,
                self.nodes_removed,
                self.nodes_changed,
                self.edges_added,
                self.edges_removed,
                self.edges_changed,
                self.moved,
            )
        )
