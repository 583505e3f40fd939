from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from acp import PROTOCOL_VERSION, Client, RequestError, spawn_agent_process, text_block
from acp.client.connection import ClientSideConnection
from acp.helpers import ContentBlock, embedded_text_resource, image_block, resource_block, resource_link_block
from acp.schema import AcpMcpServer, HttpMcpServer, McpServerStdio, SseMcpServer

from tests.agent.acp.editors import Editor

AGENT = str(Path(__file__).with_name("scripted_agent.py"))
ENVIRONMENT = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}


@asynccontextmanager
async def connected(editor: Editor) -> AsyncIterator[ClientSideConnection]:
    async with spawn_agent_process(cast(Client, editor), sys.executable, AGENT, env=ENVIRONMENT) as (connection, _):
        await connection.initialize(protocol_version=PROTOCOL_VERSION)
        yield connection


async def test_the_agent_says_what_it_is_and_can() -> None:
    async with connected(Editor()) as connection:
        said = await connection.initialize(protocol_version=PROTOCOL_VERSION)
        newer = await connection.initialize(protocol_version=99)
    assert said.agent_info is not None and said.agent_info.name == "repowright"
    assert (said.protocol_version, newer.protocol_version) == (PROTOCOL_VERSION, PROTOCOL_VERSION)
    assert said.agent_capabilities is not None and said.agent_capabilities.load_session


async def test_a_prompt_streams_the_reply_once_and_ends_its_turn(tmp_path: Path) -> None:
    editor = Editor()
    async with connected(editor) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        assert session.modes is not None
        assert [mode.id for mode in session.modes.available_modes] == ["plan", "ask", "auto-edit", "auto"]
        done = await connection.prompt(session_id=session.session_id, prompt=[text_block("hello")])
    assert done.stop_reason == "end_turn"
    assert editor.text("agent_message_chunk") == "You said: hello"
    assert editor.of("user_message_chunk") == []


async def test_files_and_embedded_text_reach_the_agent(tmp_path: Path) -> None:
    editor = Editor()
    blocks: list[ContentBlock] = [
        text_block("look at "),
        resource_link_block("shop.py", (tmp_path / "a shop.py").as_uri().replace(" ", "%20")),
        resource_block(embedded_text_resource("file:///elsewhere/b.py", "x = '```'")),
    ]
    async with connected(editor) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await connection.prompt(session_id=session.session_id, prompt=blocks)
        with pytest.raises(RequestError, match="image cannot be read"):
            await connection.prompt(session_id=session.session_id, prompt=[image_block("aGk=", "image/png")])
        with pytest.raises(RequestError, match="the message is empty"):
            await connection.prompt(session_id=session.session_id, prompt=[text_block(" ")])
    said = editor.text("agent_message_chunk")
    assert said == "You said: look at @a shop.py\n@/elsewhere/b.py\n````\nx = '```'\n````"


@pytest.mark.parametrize(
    ("answer", "reason", "state"),
    [
        ("once", "end_turn", "completed"),
        ("always", "end_turn", "completed"),
        ("deny", "end_turn", "failed"),
        ("close", "end_turn", "failed"),
        ("break", "end_turn", "failed"),
        ("whatever", "end_turn", "failed"),
    ],
)
async def test_an_edit_is_shown_and_made_only_on_a_clear_yes(
    tmp_path: Path, answer: str, reason: str, state: str
) -> None:
    editor = Editor(answer)
    async with connected(editor) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        done = await connection.prompt(session_id=session.session_id, prompt=[text_block("edit it")])
    (call,) = editor.of("tool_call")
    updates = editor.of("tool_call_update")
    assert (done.stop_reason, updates[-1]["status"]) == (reason, state)
    assert (call["kind"], call["locations"][0]["path"]) == ("edit", str(tmp_path / "shop.py"))
    assert "+a = 2" in str(editor.asked[0].content)
    assert [option.kind for option in editor.options] == ["allow_once", "allow_always", "allow_always", "reject_once"]
    assert ("+a = 2" in str(updates)) == (state == "completed")


async def test_cancelling_ends_the_prompt_and_the_session_goes_on(tmp_path: Path) -> None:
    async with connected(Editor()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        prompt = asyncio.create_task(connection.prompt(session_id=session.session_id, prompt=[text_block("wait")]))
        await asyncio.sleep(0.2)
        await connection.cancel(session_id=session.session_id)
        assert (await asyncio.wait_for(prompt, 10)).stop_reason == "cancelled"
        again = await connection.prompt(session_id=session.session_id, prompt=[text_block("hello")])
    assert again.stop_reason == "end_turn"


@pytest.mark.parametrize(("text", "reason"), [("budget", "max_tokens"), ("plan", "max_turn_requests")])
async def test_why_a_turn_ended_is_told_in_the_protocols_words(tmp_path: Path, text: str, reason: str) -> None:
    async with connected(Editor()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        done = await connection.prompt(session_id=session.session_id, prompt=[text_block(text)])
    assert done.stop_reason == reason


async def test_the_plan_is_told_as_entries(tmp_path: Path) -> None:
    editor = Editor()
    async with connected(editor) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await connection.prompt(session_id=session.session_id, prompt=[text_block("plan")])
    (plan,) = editor.of("plan")
    assert [(entry["content"], entry["status"]) for entry in plan["entries"]] == [
        ("look", "completed"),
        ("mend", "in_progress"),
        ("test", "pending"),
    ]


async def test_a_turn_that_fails_is_an_error_that_says_why(tmp_path: Path) -> None:
    async with connected(Editor()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        with pytest.raises(RequestError, match="no endpoint answers"):
            await connection.prompt(session_id=session.session_id, prompt=[text_block("fail")])


async def test_a_loaded_session_is_told_whole_before_the_answer(tmp_path: Path) -> None:
    editor = Editor()
    async with connected(editor) as connection:
        listed = await connection.list_sessions(cwd=str(tmp_path))
        loaded = await connection.load_session(cwd=str(tmp_path), session_id="earlier", mcp_servers=[])
        told = [each["session_update"] for each in editor.told]
        with pytest.raises(RequestError, match="no run nothing"):
            await connection.load_session(cwd=str(tmp_path), session_id="nothing", mcp_servers=[])
    assert [each.title for each in listed.sessions] == ["what is this?"]
    assert told == [
        "user_message_chunk",
        "tool_call",
        "tool_call_update",
        "agent_message_chunk",
        "current_mode_update",
    ]
    assert loaded.modes is not None and loaded.modes.current_mode_id == "auto-edit"
    assert editor.asked == []


async def test_modes_are_set_and_told(tmp_path: Path) -> None:
    editor = Editor()
    async with connected(editor) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await connection.set_session_mode(session_id=session.session_id, mode_id="auto")
        with pytest.raises(RequestError, match="the modes are plan, ask, auto-edit, auto"):
            await connection.set_session_mode(session_id=session.session_id, mode_id="yolo")
        await connection.prompt(session_id=session.session_id, prompt=[text_block("hello")])
    assert [each["current_mode_id"] for each in editor.of("current_mode_update")] == ["auto"]


async def test_what_cannot_be_done_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    async with connected(Editor()) as connection:
        with pytest.raises(RequestError, match="no absolute path of a folder"):
            await connection.new_session(cwd="relative", mcp_servers=[])
        with pytest.raises(RequestError, match="there is no open session"):
            await connection.prompt(session_id="nobody", prompt=[text_block("hello")])
        with pytest.raises(RequestError):
            await connection.ext_method("no/such", {})
        assert (await connection.new_session(cwd=str(tmp_path), mcp_servers=[])).session_id == "s1"


async def test_the_editors_servers_reach_the_engine(tmp_path: Path) -> None:
    servers: list[HttpMcpServer | SseMcpServer | AcpMcpServer | McpServerStdio] = [
        McpServerStdio(name="my files", command="/bin/files", args=["-r"], env=[]),
        HttpMcpServer(name="web", type="http", url="https://example.org/mcp", headers=[]),
    ]
    async with connected(Editor()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=servers)
    assert session.session_id == "s1my-files-web"


def raw(lines: list[bytes]) -> tuple[list[dict[str, Any]], str, int]:
    done = subprocess.run(
        [sys.executable, AGENT], input=b"".join(line + b"\n" for line in lines), capture_output=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode(), done.returncode


def test_what_is_no_message_is_answered_and_survived(tmp_path: Path) -> None:
    broken = [b"not json", b"", b"\xff\xfe", b"[]", b'"text"', b"null", b"{}", b'{"id": 7, "method": 5}', b"[" * 5_000]
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": 1}}
    unknown = {"jsonrpc": "2.0", "id": 2, "method": "no/such"}
    wrong = {"jsonrpc": "2.0", "id": 3, "method": "session/new", "params": {"cwd": 5}}
    bare = {"jsonrpc": "2.0", "id": 4, "method": "session/prompt", "params": []}
    said, _, code = raw([*broken, *(json.dumps(each).encode() for each in (hello, unknown, wrong, bare))])
    answers = {each["id"]: each for each in said}
    assert code == 0
    assert answers[1]["result"]["protocolVersion"] == 1
    assert [answers[each]["error"]["code"] for each in (2, 3, 4, 7)] == [-32601, -32602, -32602, -32600]
    assert [each["error"]["code"] for each in said if each["id"] is None] == [-32700, -32700, *[-32600] * 4, -32700]


async def test_nothing_but_the_protocol_reaches_standard_output(tmp_path: Path) -> None:
    async with connected(Editor()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        done = await connection.prompt(session_id=session.session_id, prompt=[text_block("print")])
        assert done.stop_reason == "end_turn"
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": 1}}
    new = {"jsonrpc": "2.0", "id": 2, "method": "session/new", "params": {"cwd": str(tmp_path), "mcpServers": []}}
    said, errors, code = raw([json.dumps(hello).encode(), json.dumps(new).encode()])
    assert (code, [each["id"] for each in said]) == (0, [1, 2])
    assert "closed s1" in errors


async def test_an_editor_that_goes_away_in_a_turn_ends_the_process(tmp_path: Path) -> None:
    async with spawn_agent_process(cast(Client, Editor()), sys.executable, AGENT, env=ENVIRONMENT) as (
        connection,
        process,
    ):
        await connection.initialize(protocol_version=PROTOCOL_VERSION)
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        prompt = asyncio.create_task(connection.prompt(session_id=session.session_id, prompt=[text_block("wait")]))
        await asyncio.sleep(0.2)
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 20) == 0
        await asyncio.gather(prompt, return_exceptions=True)
