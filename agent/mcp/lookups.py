"""The tools that read the graph: search, fetch, explore, locate, impact, paths."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from repowright.agent.mcp.answers import Answer, Desk
from repowright.agent.mcp.folder_graph import Look
from repowright.graph.errors import GraphError
from repowright.graph.explore import Exploration, explore
from repowright.graph.fetch import Fetching, fetch
from repowright.graph.find import Found, Mode, SearchNode, find
from repowright.graph.impact import Impact, impact
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.locate.located import Located, Part
from repowright.graph.paths import Paths, paths

K = TypeVar("K", bound=StrEnum)

_NAMES = "a path, path:Class.method, path:LINE, a dotted name, Class.method, or a bare name that exists once"
_EDGES = "kinds of edge to walk along: imports, calls, inherits, uses, contains; all dependencies if empty"

Entity = Annotated[str, Field(description=_NAMES)]
Entities = Annotated[tuple[str, ...], Field(description=_NAMES)]
Features = Annotated[tuple[str, ...], Field(description="Area, Area/Category, or the phrase of a feature")]
Limit = Annotated[int, Field(ge=1, le=200, description="most nodes shown")]


class Lookups:
    """Tools that change nothing; each answer is of the files as they are now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def search(
        self,
        context: Context,
        query: Annotated[str, Field(description="what you look for, in any words; names and quotes count most")] = "",
        search_terms: Annotated[tuple[str, ...], Field(description="symbols, paths or text to find in code")] = (),
        search_scopes: Annotated[tuple[str, ...], Field(description="feature paths to stay below: Area/Category")] = (),
        file_path_or_pattern: Annotated[str, Field(description="a path, the end of one, or db/**/*.py")] = "**/*",
        line_nums: Annotated[
            tuple[int, ...], Field(max_length=2, description="first and last line to show of that one file")
        ] = (),
        mode: Annotated[Mode, Field(description="features: by meaning; snippets: in code; auto: both")] = "auto",
        limit: Limit = 10,
    ) -> Annotated[CallToolResult, Answer[Found]]:
        """Find code by what it is for, by symbol, or by text; or show lines of a file."""
        wanted = SearchNode(
            mode=mode,
            search_scopes=tuple(search_scopes),
            search_terms=tuple(search_terms),
            line_nums=(line_nums[0], line_nums[-1]) if line_nums else None,
            file_path_or_pattern=file_path_or_pattern,
            text=query,
        )

        def act(look: Look) -> tuple[Found, str]:
            searcher = look.index.search if wanted.asks and mode != "snippets" else None
            found = find(
                look.rpg, wanted, sources=look.sources, references=look.references, searcher=searcher, limit=limit
            )
            return found, found.text()

        return await self._desk.answer(context, act)

    async def fetch(
        self,
        context: Context,
        code_entities: Entities = (),
        feature_entities: Features = (),
    ) -> Annotated[CallToolResult, Answer[Fetching]]:
        """Read named code or areas: place, purpose, outline, source; path:FIRST-LAST reads lines."""

        def act(look: Look) -> tuple[Fetching, str]:
            if not (code_entities or feature_entities):
                raise GraphError("nothing was asked for", "name an entity")
            found = fetch(look.rpg, code_entities, feature_entities, sources=look.sources, references=look.references)
            return found, found.text()

        return await self._desk.answer(context, act)

    async def explore(
        self,
        context: Context,
        start_code_entities: Entities = (),
        start_feature_entities: Features = (),
        direction: Annotated[
            Literal["upstream", "downstream", "both"],
            Field(description="downstream: what it needs; upstream: what needs it"),
        ] = "downstream",
        traversal_depth: Annotated[int, Field(ge=-1, description="edges to go; -1 for all")] = 2,
        entity_type_filter: Annotated[
            tuple[str, ...], Field(description="kinds of node: file, class, function, ...")
        ] = (),
        dependency_type_filter: Annotated[tuple[str, ...], Field(description=_EDGES)] = (),
        limit: Limit = 60,
    ) -> Annotated[CallToolResult, Answer[Exploration]]:
        """Follow dependencies from code or areas, with the lines and kinds of each."""

        def act(look: Look) -> tuple[Exploration, str]:
            if not (start_code_entities or start_feature_entities):
                raise GraphError("nothing was asked for", "name a start")
            found = explore(
                look.rpg,
                start_code_entities,
                start_feature_entities,
                direction,
                traversal_depth,
                _kinds(entity_type_filter, NodeKind),
                _kinds(dependency_type_filter, EdgeKind),
                references=look.references,
                limit=limit,
            )
            return found, found.text()

        return await self._desk.answer(context, act)

    async def locate(
        self,
        context: Context,
        issue: Annotated[str, Field(description="the text of the issue: what is wrong, tracebacks, examples")],
        top: Annotated[int, Field(ge=1, le=100, description="length of each list")] = 10,
        without: Annotated[tuple[Part, ...], Field(description="evidence to do without")] = (),
    ) -> Annotated[CallToolResult, Answer[Located]]:
        """Rank the files, classes and functions that an issue is about, with the evidence for each; asks no model."""

        def act(look: Look) -> tuple[Located, str]:
            found = look.locator.locate(issue, top, without)
            return found, found.text

        return await self._desk.answer(context, act)

    async def impact(
        self,
        context: Context,
        entity: Entity,
        depth: Annotated[int, Field(ge=-1, description="steps to go; -1 for all")] = 3,
        limit: Limit = 60,
    ) -> Annotated[CallToolResult, Answer[Impact]]:
        """List who is affected if a node changes, tests apart: the code to look at and the tests to run."""

        def act(look: Look) -> tuple[Impact, str]:
            found = impact(look.rpg, entity, depth, references=look.references, limit=limit)
            return found, found.text()

        return await self._desk.answer(context, act)

    async def paths(
        self,
        context: Context,
        start: Entity,
        goal: Entity,
        count: Annotated[int, Field(ge=1, le=50, description="how many ways")] = 3,
        dependency_type_filter: Annotated[tuple[str, ...], Field(description=_EDGES)] = (),
    ) -> Annotated[CallToolResult, Answer[Paths]]:
        """Show the shortest ways on which one node depends on another, with the lines that prove them."""

        def act(look: Look) -> tuple[Paths, str]:
            kinds = _kinds(dependency_type_filter, EdgeKind)
            found = paths(look.rpg, start, goal, count, kinds, references=look.references)
            return found, found.text()

        return await self._desk.answer(context, act)


def _kinds(names: Sequence[str], kinds: type[K]) -> list[K]:
    known = {kind.value: kind for kind in kinds}
    unknown = next((name for name in names if name.strip().casefold() not in known), None)
    if unknown is not None:
        raise GraphError(f"there is no kind {unknown!r}", f"the kinds are {', '.join(known)}")
    return [known[name.strip().casefold()] for name in names]
