"""What ``repowright generate --from-graph`` was asked for, and the seed that comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repowright.agent.workflows.generate.from_graph.seed import Seed


@dataclass(frozen=True)
class GraphWish:
    """The graph to rebuild a repository from, as the options name it.

    Parameters
    ----------
    repo
        Where its code is; the folder the graph lies in if that is not said.
    """

    graph: str
    keep: str
    alias: str
    repo: Path | None


def seed_of(wish: GraphWish) -> Seed:
    """Read the graph and return the plan that it gives.

    Raises
    ------
    PlanError, UserError, GraphError
        If it is no graph, nothing in it can be planned, or the alias is no name.
    """
    from repowright.agent.graph_origin import Keep
    from repowright.agent.workflows.generate.from_graph.seed import seed_of_graph
    from repowright.tui.graph_source import open_named, sources

    rpg, folder = open_named(wish.graph)
    return seed_of_graph(rpg, sources(folder, wish.repo, None), Keep(wish.keep), wish.alias)
