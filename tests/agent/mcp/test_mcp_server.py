from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult, TextContent, TextResourceContents

from repowright.agent.mcp.folder_graph import BEHIND
from repowright.agent.mcp.server import make_server
from repowright.agent.mcp.shelf import Shelf
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.graph.serial import save
from repowright.graph.store import Store, default_store

TOOLS = {
    "search",
    "fetch",
    "explore",
    "locate",
    "impact",
    "paths",
    "encode",
    "evolve",
    "plan_check",
    "plan_show",
    "read_on",
}


@asynccontextmanager
async def serving(folder: Path, shelf: Shelf | None = None) -> AsyncIterator[Client]:
    async with Client(make_server(folder, 0, shelf)) as client:
        yield client


def words(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def found(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, words(result)
    record: dict[str, Any] = result.structured_content["found"]
    return record


async def test_every_tool_says_what_it_takes_and_gives(shop: Path) -> None:
    async with serving(shop) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.description and tool.input_schema["type"] == "object"
        assert tool.output_schema is not None and "found" in tool.output_schema["properties"]
        assert all("description" in each for each in tool.input_schema.get("properties", {}).values())
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (tool.name != "encode")


async def test_nothing_is_encoded_before_a_tool_is_called(shop: Path) -> None:
    async with serving(shop) as client:
        await client.list_tools()
        assert not (shop / ".repowright").exists()
        await client.call_tool("search", {"query": "prices"})
        assert (shop / ".repowright" / "graph.rpg").is_file()


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("search", {"query": "sum of the prices"}, "shop/cart.py:Cart.sum"),
        ("search", {"file_path_or_pattern": "shop/price.py", "line_nums": [4, 6]}, "return sum(items)"),
        ("fetch", {"code_entities": ["Cart.sum"]}, "return total(items)"),
        ("explore", {"start_code_entities": ["Cart.sum"]}, "calls shop/price.py:total"),
        ("locate", {"issue": "Cart.sum is wrong"}, "shop/cart.py:Cart.sum"),
        ("impact", {"entity": "total"}, "tests/test_cart.py"),
        ("paths", {"start": "Cart.sum", "goal": "total"}, "calls shop/price.py:total"),
        ("encode", {}, "4 files"),
    ],
)
async def test_a_tool_answers_in_words_and_as_a_record(
    shop: Path, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with serving(shop) as client:
        result = await client.call_tool(tool, arguments)
    assert says in words(result)
    assert found(result)
    assert result.structured_content["cut"] is None and result.structured_content["note"] == ""


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("search", {}, "the search names no terms"),
        ("search", {"query": "a", "limit": 0}, "greater than or equal to 1"),
        ("fetch", {}, "nothing was asked for (name an entity)"),
        ("explore", {"start_code_entities": ["Cart"], "entity_type_filter": ["galaxy"]}, "the kinds are"),
        ("locate", {"issue": "  "}, "the text of the issue is empty"),
        ("impact", {"entity": "nobody"}, "no node answers to 'nobody'"),
        ("paths", {"start": "Cart", "goal": "Cart.sum"}, "lie in each other"),
        ("evolve", {}, "git"),
        ("plan_show", {}, "no run last"),
        ("plan_check", {"stage": "someday"}, "there is no stage 'someday'"),
        ("read_on", {"handle": "abc", "offset": 0}, "ask the question again"),
        ("impact", {}, "entity"),
    ],
)
async def test_what_cannot_be_done_is_a_tool_error_that_says_what_to_ask(
    shop: Path, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with serving(shop) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error and says in words(result)
        assert not (await client.call_tool("search", {"query": "prices"})).is_error


async def test_a_changed_file_is_in_the_next_answer(shop: Path) -> None:
    async with serving(shop) as client:
        assert (await client.call_tool("fetch", {"code_entities": ["discount"]})).structured_content["found"]["missing"]
        (shop / "shop/price.py").write_text("def discount(items):\n    return 7\n")
        assert "return 7" in words(await client.call_tool("fetch", {"code_entities": ["discount"]}))
        (shop / "shop/price.py").write_text("def discount(items):\n    return 8\n")
        assert "return 8" in words(await client.call_tool("fetch", {"code_entities": ["discount"]}))


async def test_what_another_process_encoded_is_in_the_next_answer(shop: Path) -> None:
    from repowright.graph.encode import encode

    async with serving(shop) as client:
        await client.call_tool("encode", {})
        (shop / "shop/price.py").write_text("def discount(items):\n    return 7\n")
        encode(shop)
        assert "return 7" in words(await client.call_tool("fetch", {"code_entities": ["discount"]}))


async def test_while_another_process_writes_the_last_state_answers_and_says_so(shop: Path) -> None:
    async with serving(shop) as client:
        await client.call_tool("encode", {})
        (shop / "shop/price.py").write_text("def discount(items):\n    return 7\n")
        with Store(default_store(shop)) as store, store.writing():
            result = await client.call_tool("fetch", {"code_entities": ["Cart"]})
        assert "class Cart" in words(result)
        assert result.structured_content["note"] == BEHIND


async def test_a_long_answer_is_cut_and_read_on_to_its_end(shop: Path) -> None:
    async with serving(shop) as client:
        whole = words(await client.call_tool("fetch", {"code_entities": ["Cart", "total"]}))
    async with serving(shop, Shelf(most_shown=150)) as client:
        result = await client.call_tool("fetch", {"code_entities": ["Cart", "total"]})
        parts, cut = [words(result)], result.structured_content["cut"]
        while cut is not None:
            parts[-1] = parts[-1].rpartition("[cut:")[0].removesuffix("\n")
            result = await client.call_tool("read_on", {"handle": cut["handle"], "offset": cut["shown"]})
            parts.append(words(result))
            cut = result.structured_content["cut"]
    assert len(parts) > 2
    assert "".join(parts) == whole


async def test_a_record_that_is_too_long_is_left_out_and_the_words_remain(shop: Path) -> None:
    lines = "\n".join(f"def step_{number}(items):\n    return total(items)\n" for number in range(300))
    (shop / "shop/steps.py").write_text(f"from shop.price import total\n\n{lines}")
    async with serving(shop) as client:
        result = await client.call_tool("impact", {"entity": "total", "limit": 200})
    assert result.structured_content["found"] is None
    assert "read the text" in result.structured_content["note"]
    assert "step_0" in words(result)


async def test_the_outline_is_a_resource(shop: Path) -> None:
    async with serving(shop) as client:
        listed = [each.uri for each in (await client.list_resources()).resources]
        templates = [each.uri_template for each in (await client.list_resource_templates()).resource_templates]
        (whole,) = (await client.read_resource("repowright://graph/outline")).contents
        assert isinstance(whole, TextResourceContents)
        area = whole.text.splitlines()[1].removeprefix("- ").partition(":")[0].partition(" (")[0]
        (one,) = (await client.read_resource(f"repowright://graph/area/{area}")).contents
        with pytest.raises(MCPError, match="there is no area"):
            await client.read_resource("repowright://graph/area/Nowhere")
    assert (listed, templates) == (["repowright://graph/outline"], ["repowright://graph/area/{name}"])
    assert "4 files" in whole.text
    assert isinstance(one, TextResourceContents) and ".py" in one.text


async def test_evolve_says_what_changed_since_a_revision(shop_repository: Path) -> None:
    async with serving(shop_repository) as client:
        assert words(await client.call_tool("evolve", {})) == "the graphs are the same"
        (shop_repository / "shop/price.py").write_text("def discount(items):\n    return 7\n")
        result = await client.call_tool("evolve", {"since": "HEAD"})
        assert "+ function discount" in words(result) and "- function total" in words(result)
        assert "discount" in words(await client.call_tool("fetch", {"code_entities": ["discount"]}))
        same = await client.call_tool("evolve", {"since": "HEAD", "until": "HEAD"})
        assert words(same) == "the graphs are the same"


async def test_the_plan_of_a_run_is_checked_and_shown(shop: Path, tmp_path: Path) -> None:
    spec = spec_from_bytes(b"# A list\nof things\n", "list.md")
    run = Run.create(tmp_path / "home" / "runs", spec, Settings(model="m"), Path("/o"), lambda: 1_700_000_000.0)
    rpg = RPG.new("list", "keep things")
    rpg.add(NodeKind.FEATURE, "add an item", rpg.add(NodeKind.AREA, "Items", rpg.root.id).id)
    save(rpg, run.graph)
    async with serving(shop) as client:
        shown = await client.call_tool("plan_show", {})
        checked = await client.call_tool("plan_check", {"run": run.id[:12]})
    assert found(shown)["title"] == "A list" and "area Items" in words(shown)
    assert found(checked)["errors"] == len([each for each in found(checked)["findings"] if each["severity"] == "error"])
    assert found(checked)["run"] == run.id


async def test_calls_at_the_same_time_all_answer(shop: Path) -> None:
    async with serving(shop) as client:
        asked = [client.call_tool("fetch", {"code_entities": [name]}) for name in ("Cart", "total") * 4]
        answers = await asyncio.gather(*asked)
    assert [("class Cart" in words(each), "def total" in words(each)) for each in answers] == [
        (True, False),
        (False, True),
    ] * 4


async def test_progress_is_told_and_only_grows(shop: Path) -> None:
    told: list[float] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with serving(shop) as client:
        await client.call_tool("encode", {}, progress_callback=tell)
    assert told and told == sorted(set(told))


async def test_a_file_whose_name_is_no_text_does_no_harm(shop: Path) -> None:
    (Path(os.fsdecode(os.fsencode(shop) + b"/shop/caf\xe9.py"))).write_text("def serve():\n    return 1\n")
    async with serving(shop) as client:
        result = await client.call_tool("encode", {})
        again = await client.call_tool("search", {"query": "serve"})
    assert found(result)["unfit"] or found(result)["files"] == 5
    assert not again.is_error
    (words(result) + words(again)).encode()


async def test_two_servers_of_one_folder_both_answer(shop: Path) -> None:
    async with serving(shop) as one, serving(shop) as other:
        answers = await asyncio.gather(
            *(client.call_tool("fetch", {"code_entities": ["Cart"]}) for client in (one, other, one, other))
        )
        (shop / "shop/price.py").write_text("def discount(items):\n    return 7\n")
        for client in (other, one):
            assert "return 7" in words(await client.call_tool("fetch", {"code_entities": ["discount"]}))
    assert all("class Cart" in words(each) for each in answers)
