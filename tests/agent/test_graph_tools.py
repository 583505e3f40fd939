from __future__ import annotations

import pytest
from pydantic import BaseModel

from repowright.agent.graph_tools import graph_tools
from repowright.graph.sources import TextSources
from tests.graph.library import SOURCES, build_library

TOOLS = {tool.name: tool for tool in graph_tools(build_library(), TextSources(SOURCES))}


async def call(name: str, **arguments: object) -> str:
    tool = TOOLS[name]
    parsed: BaseModel = tool.arguments.model_validate(arguments)
    return await tool.call(parsed)


def test_the_arguments_are_those_of_the_paper() -> None:
    named = {name: set(tool.spec.parameters["properties"]) for name, tool in TOOLS.items()}
    assert named == {
        "search": {
            "mode",
            "feature_terms",
            "search_scopes",
            "search_terms",
            "line_nums",
            "file_path_or_pattern",
        },
        "fetch": {"code_entities", "feature_entities"},
        "explore": {
            "start_code_entities",
            "start_feature_entities",
            "direction",
            "traversal_depth",
            "entity_type_filter",
            "dependency_type_filter",
        },
    }


async def test_search_finds_by_meaning_symbol_and_text() -> None:
    assert "library/store.py:Store.load" in await call("search", feature_terms=["load a book"])
    told = await call("search", mode="snippets", search_terms=["has no title"])
    assert '22 |         raise ValueError("the book has no title")' in told


async def test_search_shows_lines() -> None:
    told = await call("search", line_nums=[11, 12], file_path_or_pattern="library/store.py")
    assert "12 |         return" in told and "Store.load" in told
    assert "error: line_nums has 3 numbers" in await call("search", line_nums=[1, 2, 3])


async def test_fetch_reads_several_at_once_and_says_what_it_lacks() -> None:
    told = await call("fetch", code_entities=["Store.load", "main", "nobody"], feature_entities=["Storage/Disk"])
    assert 'return "book"' in told and "DiskStore().save" in told
    assert "error: no node answers to 'nobody'" in told
    assert "## Storage/Disk [category]" in told


@pytest.mark.parametrize("kind", ["invokes", "calls", "Call"])
async def test_explore_takes_the_papers_names_of_kinds(kind: str) -> None:
    told = await call("explore", start_code_entities=["main"], traversal_depth=1, dependency_type_filter=[kind])
    assert "DiskStore.save" in told and "imports" not in told


async def test_what_cannot_be_done_is_told_and_not_raised() -> None:
    assert "the kinds are" in await call("explore", start_code_entities=["main"], entity_type_filter=["galaxy"])
    assert "error: the search names no terms" in await call("search")
    assert await call("fetch") == "nothing was asked for: name an entity"
    assert await call("explore") == "nothing was asked for: name a start"
    assert "2 nodes answer to 'save'" in await call("explore", start_code_entities=["save"])
