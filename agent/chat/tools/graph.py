"""The graph's own tools in a conversation, over the folder as it is now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, Field

from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.graph_tools import ExploreArguments, FetchArguments, GraphReader, SearchArguments
from repowright.graph.errors import GraphError
from repowright.graph.impact import impact
from repowright.graph.sources import SnapshotSources
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

A = TypeVar("A", bound=BaseModel)


class ImpactArguments(BaseModel):
    """What ``impact`` takes."""

    entity: str = Field(description="a path, path:Class.method, or a bare name that exists once")
    depth: int = Field(default=3, ge=1, le=10)


def graph_chat_tools() -> list[ChatTool]:
    """Return search, fetch, explore and impact."""
    search, fetch, explore = (
        "Find code by what it is for, by symbol, or by text; or show lines of a file.",
        "Read named code or areas: place, purpose, outline, source.",
        "Follow dependencies from code or areas, with lines and kinds.",
    )
    return [
        acting("search", search, SearchArguments, _reading(_search), _searched),
        acting("fetch", fetch, FetchArguments, _reading(_fetch), lambda asked: ", ".join(asked.code_entities)),
        acting("explore", explore, ExploreArguments, _reading(_explore), _explored),
        acting("impact", "Who depends on code, tests apart.", ImpactArguments, _impact, lambda asked: asked.entity),
    ]


def _searched(asked: SearchArguments) -> str:
    return ", ".join([*asked.feature_terms, *asked.search_terms]) or asked.file_path_or_pattern


def _explored(asked: ExploreArguments) -> str:
    return ", ".join([*asked.start_code_entities, *asked.start_feature_entities])


def _search(reader: GraphReader) -> Callable[[SearchArguments], Awaitable[str]]:
    return reader.search


def _fetch(reader: GraphReader) -> Callable[[FetchArguments], Awaitable[str]]:
    return reader.fetch


def _explore(reader: GraphReader) -> Callable[[ExploreArguments], Awaitable[str]]:
    return reader.explore


def _reading(way: Callable[[GraphReader], Callable[[A], Awaitable[str]]]) -> Callable[[A, Site], Awaitable[Told]]:
    async def act(asked: A, site: Site) -> Told:
        rpg = await site.desk.graph.fresh()
        reader = GraphReader(rpg, SnapshotSources(WorkTreeSnapshot(site.desk.root)))
        try:
            return Told(text=await way(reader)(asked))
        except (GraphError, RepoToolsError) as err:
            return Told(text=f"error: {err}", failed=True)

    return act


async def _impact(asked: ImpactArguments, site: Site) -> Told:
    rpg = await site.desk.graph.fresh()
    return Told(text=impact(rpg, asked.entity, asked.depth).text())
