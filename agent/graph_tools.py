"""The three tools of RPG-Encoder (section 3.3) over a graph: search, fetch and explore, with the paper's arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from repowright.agent.tools import GraphTool
from repowright.graph.errors import GraphError
from repowright.graph.explore import explore
from repowright.graph.fetch import fetch
from repowright.graph.find import SearchNode, find
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG
from repowright.graph.references import References
from repowright.graph.search import SearchIndex
from repowright.graph.sources import NoSources, Sources
from repowright.repo_tools.errors import RepoToolsError

A = TypeVar("A", bound=BaseModel)
K = TypeVar("K", bound=StrEnum)

_NAMES = "a path, path:Class.method, path:LINE, a dotted name, Class.method, or a bare name that exists once"
_SYNONYMS = {
    "invokes": "calls",
    "call": "calls",
    "composes": "contains",
    "contain": "contains",
    "inherit": "inherits",
    "extends": "inherits",
    "import": "imports",
    "use": "uses",
    "references": "uses",
    "func": "function",
    "module": "file",
    "folder": "directory",
    "package": "directory",
}
"""What models and papers call kinds that have another name here."""


class SearchArguments(BaseModel):
    """What `search` takes."""

    mode: Literal["features", "snippets", "auto"] = Field(
        default="auto", description="features: rank by meaning; snippets: find symbols and text in code; auto: both"
    )
    feature_terms: list[str] = Field(default_factory=list, description="phrases that say what the code is for")
    search_scopes: list[str] = Field(
        default_factory=list, description="feature paths to stay below: Area or Area/Category"
    )
    search_terms: list[str] = Field(
        default_factory=list, description="symbols, paths, error messages or other text in code"
    )
    line_nums: list[int] = Field(
        default_factory=list, description="first and last line to show of the file that file_path_or_pattern names"
    )
    file_path_or_pattern: str = Field(default="**/*", description="a path, the end of one, or a pattern: db/**/*.py")


class FetchArguments(BaseModel):
    """What `fetch` takes."""

    code_entities: list[str] = Field(
        default_factory=list, description=f"{_NAMES}; path:FIRST-LAST for lines; a path alone gives its outline"
    )
    feature_entities: list[str] = Field(default_factory=list, description="Area, Area/Category or a feature phrase")


class ExploreArguments(BaseModel):
    """What `explore` takes."""

    start_code_entities: list[str] = Field(default_factory=list, description=_NAMES)
    start_feature_entities: list[str] = Field(default_factory=list, description="Area, Area/Category or a phrase")
    direction: Literal["upstream", "downstream", "both"] = Field(
        default="downstream", description="downstream: what it needs; upstream: what needs it"
    )
    traversal_depth: int = Field(default=2, ge=-1, description="edges to go; -1 for all")
    entity_type_filter: list[str] = Field(
        default_factory=list, description="kinds of node to walk to: file, class, function, method, ..."
    )
    dependency_type_filter: list[str] = Field(
        default_factory=list, description="kinds of edge to walk along: imports, calls, inherits, uses, contains"
    )


class GraphReader:
    """A graph and its code, as the tools of one conversation read them; what they look up by is made once."""

    def __init__(self, rpg: RPG, sources: Sources | None = None, index: SearchIndex | None = None) -> None:
        self._rpg = rpg
        self._sources = sources or NoSources()
        self._references = References(rpg)
        self._given = index

    @cached_property
    def _index(self) -> SearchIndex:
        return self._given or SearchIndex(self._rpg)

    async def search(self, arguments: SearchArguments) -> str:
        """Return nodes and passages that answer."""
        lines = arguments.line_nums
        if len(lines) > 2:
            raise GraphError(f"line_nums has {len(lines)} numbers", "give the first and the last line")
        wanted = SearchNode(
            mode=arguments.mode,
            feature_terms=tuple(arguments.feature_terms),
            search_scopes=tuple(arguments.search_scopes),
            search_terms=tuple(arguments.search_terms),
            line_nums=(lines[0], lines[-1]) if lines else None,
            file_path_or_pattern=arguments.file_path_or_pattern,
        )
        found = find(
            self._rpg,
            wanted,
            sources=self._sources,
            references=self._references,
            searcher=self._index.search,
        )
        return found.text()

    async def fetch(self, arguments: FetchArguments) -> str:
        """Return code and facts of named nodes."""
        named = arguments.code_entities, arguments.feature_entities
        found = fetch(self._rpg, *named, sources=self._sources, references=self._references)
        return found.text() or "nothing was asked for: name an entity"

    async def explore(self, arguments: ExploreArguments) -> str:
        """Return what the starts need, or what needs them."""
        found = explore(
            self._rpg,
            arguments.start_code_entities,
            arguments.start_feature_entities,
            arguments.direction,
            arguments.traversal_depth,
            _kinds(arguments.entity_type_filter, NodeKind),
            _kinds(arguments.dependency_type_filter, EdgeKind),
            references=self._references,
        )
        return found.text() or "nothing was asked for: name a start"


def graph_tools(
    rpg: RPG, sources: Sources | None = None, index: SearchIndex | None = None
) -> list[GraphTool[BaseModel]]:
    """Return search, fetch and explore over a graph; errors become words that say what to ask instead.

    Parameters
    ----------
    index
        What words are looked up in; one of what nodes say of themselves, without code, if it is `None`.
    """
    reader = GraphReader(rpg, sources, index)
    tools = [
        GraphTool(
            "search",
            "Find code by what it is for, by symbol, or by text; or show lines of a file.",
            SearchArguments,
            _told(reader.search),
        ),
        GraphTool(
            "fetch", "Read named code or areas: place, purpose, outline, source.", FetchArguments, _told(reader.fetch)
        ),
        GraphTool(
            "explore",
            "Follow dependencies from code or areas, with lines and kinds.",
            ExploreArguments,
            _told(reader.explore),
        ),
    ]
    return tools  # type: ignore[return-value]


def _told(act: Callable[[A], Awaitable[str]]) -> Callable[[A], Awaitable[str]]:
    async def acted(arguments: A) -> str:
        try:
            return await act(arguments)
        except (GraphError, RepoToolsError) as error:
            return f"error: {error}"

    return acted


def _kinds(names: Sequence[str], kinds: type[K]) -> list[K]:
    known = {kind.value: kind for kind in kinds}
    found = []
    for name in names:
        folded = name.strip().casefold()
        kind = known.get(folded) or known.get(_SYNONYMS.get(folded, ""))
        if kind is None:
            raise GraphError(f"there is no kind {name!r}", f"the kinds are {', '.join(known)}")
        found.append(kind)
    return found
