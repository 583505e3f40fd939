from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from acp import PROTOCOL_VERSION, Client, spawn_agent_process, text_block
from acp.client.connection import ClientSideConnection
from acp.schema import EnvVariable, McpServerStdio
from scripted_judge import served
from talks import EDIT, Room, Talk, call

from tests.agent.acp.editors import Editor

SERVER = str(Path(__file__).parents[1] / "mcp" / "foreign_server.py")


@asynccontextmanager
async def editing(room: Path, url: str, editor: Editor) -> AsyncIterator[ClientSideConnection]:
    (room / "config.toml").touch()
    env = {
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "REPOWRIGHT_HOME": str(room / "home"),
        "REPOWRIGHT_CONFIG": str(room / "config.toml"),
        "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback",
        "OPENAI_API_KEY": "none",
    }
    flags = ["--model", "scripted", "--base-url", url, "--sandbox", "local", "--unsafe-local"]
    arguments = ["-m", "repowright.tui", "acp", *flags]
    async with spawn_agent_process(cast(Client, editor), sys.executable, *arguments, env=env) as (connection, _):
        await connection.initialize(protocol_version=PROTOCOL_VERSION)
        yield connection


async def test_a_bug_is_mended_from_an_editor_and_the_session_is_loaded_again(tmp_path: Path) -> None:
    room = Room(tmp_path).make()
    editor, later = Editor("once"), Editor()
    with served(Talk(says=[[EDIT], "It is mended."])) as url:
        async with editing(tmp_path, url, editor) as connection:
            session = await connection.new_session(cwd=str(room.project), mcp_servers=[])
            done = await connection.prompt(session_id=session.session_id, prompt=[text_block("total is wrong")])
        assert done.stop_reason == "end_turn"
        assert room.read("shop/price.py") == "def total(prices):\n    return sum(prices)\n"
        async with editing(tmp_path, url, later) as connection:
            listed = await connection.list_sessions(cwd=str(room.project))
            await connection.load_session(cwd=str(room.project), session_id=session.session_id, mcp_servers=[])
    assert editor.text("agent_message_chunk") == "It is mended."
    assert "sum(prices)" in str(editor.asked[0].content)
    assert [(each.session_id, each.title) for each in listed.sessions] == [(session.session_id, "total is wrong")]
    assert later.text("user_message_chunk") == "total is wrong"
    assert later.text("agent_message_chunk") == "It is mended."
    assert later.asked == [] and later.of("tool_call_update")[-1]["status"] == "completed"


async def test_the_editors_own_server_is_called_once_the_user_agrees(tmp_path: Path) -> None:
    room = Room(tmp_path).make()
    editor, talk = Editor("once"), Talk(says=[[call("sums__add", a=2, b=3)], "Five."])
    path = [EnvVariable(name="PYTHONPATH", value=os.environ.get("PYTHONPATH", ""))]
    server = McpServerStdio(name="sums", command=sys.executable, args=[SERVER], env=path)
    with served(talk) as url:
        async with editing(tmp_path, url, editor) as connection:
            session = await connection.new_session(cwd=str(room.project), mcp_servers=[server])
            done = await connection.prompt(session_id=session.session_id, prompt=[text_block("what is 2 and 3?")])
    assert done.stop_reason == "end_turn"
    assert [each.title for each in editor.asked] == ['sums.add {"a": 2, "b": 3}']
    assert editor.of("tool_call_update")[-1]["content"][0]["content"]["text"] == "5"


async def test_a_refused_edit_changes_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path).make()
    before = room.read("shop/price.py")
    with served(Talk(says=[[EDIT], "As you wish."])) as url:
        async with editing(tmp_path, url, Editor("deny")) as connection:
            session = await connection.new_session(cwd=str(room.project), mcp_servers=[])
            await connection.prompt(session_id=session.session_id, prompt=[text_block("total is wrong")])
    assert room.read("shop/price.py") == before


async def test_a_turn_is_cancelled_while_the_model_speaks_and_the_next_one_is_answered(tmp_path: Path) -> None:
    room, asked, free = Room(tmp_path).make(), threading.Event(), threading.Event()

    def hold(count: int) -> None:
        asked.set()
        if count == 1:
            free.wait(30)

    with served(Talk(says=["Late.", "Here."], wait=hold)) as url:
        async with editing(tmp_path, url, editor := Editor()) as connection:
            session = (await connection.new_session(cwd=str(room.project), mcp_servers=[])).session_id
            first = asyncio.create_task(connection.prompt(session_id=session, prompt=[text_block("one")]))
            assert await asyncio.to_thread(asked.wait, 30)
            await connection.cancel(session_id=session)
            assert (await asyncio.wait_for(first, 20)).stop_reason == "cancelled"
            free.set()
            second = await connection.prompt(session_id=session, prompt=[text_block("two")])
    assert second.stop_reason == "end_turn"
    assert editor.text("agent_message_chunk") in ("Here.", "the end")
