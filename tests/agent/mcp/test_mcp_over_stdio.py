from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp_types import TextContent

COMMAND = [sys.executable, "-m", "repowright.tui", "mcp"]
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PYTHONPATH", "REPOWRIGHT_HOME") if name in os.environ}


def exchange(folder: Path, lines: list[bytes], answers: int) -> tuple[list[dict[str, Any]], str, int]:
    """Say all lines, and end the input once so many answers have come."""
    process = subprocess.Popen(
        [*COMMAND, "--repo", str(folder)], stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ | environment()
    )
    with process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(b"".join(line + b"\n" for line in lines))
        process.stdin.flush()
        said: list[dict[str, Any]] = []
        while sum("method" not in each and each.get("id") is not None for each in said) < answers:
            said.append(json.loads(process.stdout.readline()))
        rest, errors = process.communicate(timeout=60)
    return [*said, *map(json.loads, rest.splitlines())], errors.decode(), process.returncode


def packed(*messages: dict[str, Any]) -> list[bytes]:
    return [json.dumps(message).encode() for message in messages]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_lists_calls_and_reads(shop: Path, mode: str) -> None:
    command = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], "--repo", str(shop)], env=environment(), cwd=shop.parent
    )
    async with Client(command, mode=mode) as client:
        assert client.server_info is not None and client.server_info.name == "repowright"
        assert "locate" in (client.instructions or "")
        assert len((await client.list_tools()).tools) == 11
        found = await client.call_tool("search", {"query": "sum of the prices"})
        wrong = await client.call_tool("impact", {"entity": "nobody"})
        (outline,) = (await client.read_resource("repowright://graph/outline")).contents
    (block,) = found.content
    assert isinstance(block, TextContent) and "Cart.sum" in block.text
    assert found.structured_content["found"]["matches"] and wrong.is_error
    assert "4 files" in outline.model_dump()["text"]


def test_what_is_no_message_is_survived_and_standard_output_stays_clean(shop: Path) -> None:
    broken = [b"not json", b"", b"\xff\xfe\x00", b"[]", b'"text"', b"null", b"{}", b'{"jsonrpc": "1.0", "id": 7}']
    broken += [b'{"jsonrpc": "2.0", "id": 8, "method": 5}', b"{" * 5_000, b'{"jsonrpc": "2.0", "method": "no/such"}']
    asked = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    unknown = {"jsonrpc": "2.0", "id": 3, "method": "no/such/method"}
    wrong = {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": 5}}
    said, _, code = exchange(shop, [*broken, *packed(HELLO, READY), *broken, *packed(asked, unknown, wrong)], 4)
    answers = {each["id"]: each for each in said if each.get("id") in (1, 2, 3, 4)}
    assert code == 0
    assert all(each["jsonrpc"] == "2.0" for each in said)
    assert answers[1]["result"]["serverInfo"]["name"] == "repowright"
    assert len(answers[2]["result"]["tools"]) == 11
    assert answers[3]["error"]["code"] == -32601 and answers[4]["error"]["code"] == -32602


def test_it_works_in_a_folder_without_source_and_without_git(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "encode", "arguments": {}}}
    said, _, code = exchange(empty, packed(HELLO, READY, call), 2)
    answer = next(each for each in said if each.get("id") == 2)["result"]
    assert code == 0 and not answer.get("isError")
    assert answer["structuredContent"]["found"]["files"] == 0


def test_a_folder_that_is_not_there_is_one_line_and_code_2(tmp_path: Path) -> None:
    said, errors, code = exchange(tmp_path / "none", [], 0)
    assert (said, code) == ([], 2)
    assert errors.count("\n") == 1 and "does not exist" in errors
