from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from small_model import needs_small_model

pytest.importorskip("transformers", reason="needs the extra `local`")
pytest.importorskip("xgrammar", reason="needs the extra `local`")

import httpx2
from click.testing import CliRunner
from local_servers import MODELS, tiny_folder, tiny_served
from pydantic import BaseModel

from repowright.agent.errors import NoModel
from repowright.agent.events import Event, EventBus, LlmReply
from repowright.agent.events import Warning as Warned
from repowright.agent.llm import Endpoint, Record, Replay, tool_spec
from repowright.agent.llm.in_process import InProcess
from repowright.agent.llm.local import ADDRESS, hints_of
from repowright.agent.llm.types import Message, Request, ToolCall
from repowright.agent.model_access import open_gateway
from repowright.agent.settings import Settings
from repowright.inference_backend.server.app import build_app
from repowright.inference_backend.server.served import Served
from repowright.tui.cli import cli


class Nothing(BaseModel):
    pass


CLOCK = tool_spec("clock", "The time.", Nothing)


def _request(text: str, **changed: Any) -> Request:
    return Request("test.ask", "0" * 8, (Message(role="user", content=text),), max_tokens=60, **changed)


@pytest.fixture(scope="module")
def parrot() -> Iterator[Served]:
    with tiny_served(says=True) as served:
        yield served


@pytest.fixture
async def ask(parrot: Served) -> AsyncIterator[Endpoint]:
    client = httpx2.AsyncClient(transport=InProcess(build_app(parrot)))
    endpoint = Endpoint(ADDRESS, http_client=client, extra=hints_of)
    yield endpoint
    await endpoint.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_folder(tmp_path / "tiny")


async def test_answer_is_heard_while_it_is_written(ask: Endpoint) -> None:
    heard: list[str] = []
    reply = await ask.complete(_request("<say>one two three</say>", heard=heard.append), "tiny")
    assert reply.text == "".join(heard) == "one two three"
    assert len(heard) > 5 and reply.usage.completion_tokens == 14


async def test_answer_nobody_waits_for_is_cancelled(ask: Endpoint, parrot: Served) -> None:
    begun = asyncio.Event()
    long = f"<say>{'word ' * 500}</say>"
    asking = asyncio.create_task(ask.complete(_request(long, heard=lambda text: begun.set()), "tiny"))
    await begun.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    for _ in range(200):
        stats = await parrot.engine.stats()
        if not stats.running:
            break
        await asyncio.sleep(0.02)
    assert (stats.running, stats.pages_held) == (0, 0)


async def test_model_that_is_not_served_is_no_model(ask: Endpoint) -> None:
    with pytest.raises(NoModel, match="other"):
        await ask.complete(_request("hello"), "other")


def test_hints_name_the_conversation_its_last_tool_and_its_last_turn() -> None:
    first = _request("What time is it?", tools=(CLOCK,))
    call = ToolCall(id="call_1", name="clock", arguments="{}")
    said = Message(role="assistant", content="", tool_calls=(call,))
    told = Message(role="tool", content="noon", tool_call_id="call_1")
    begun = hints_of(_with(first, Message(role="user", content="Now?")))["extra_body"]["kv"]
    second = hints_of(_with(first, Message(role="user", content="Now?"), said, told, last=True))["extra_body"]["kv"]
    assert second == {**begun, "last_tool": "clock", "is_last": True}
    assert begun["last_tool"] == "" and not begun["is_last"]
    assert hints_of(_request("Another question", tools=(CLOCK,)))["extra_body"]["kv"]["job_id"] != begun["job_id"]
    assert hints_of(_request("no tools")) == {}


def _with(request: Request, *messages: Message, last: bool = False) -> Request:
    changed: dict[str, Any] = {"messages": (*request.messages, *messages), "is_last": last}
    return Request(**{**vars(request), **changed})


async def test_model_of_a_folder_is_asked_recorded_and_replayed(folder: Path, tmp_path: Path) -> None:
    seen: list[Event] = []
    bus = EventBus("test", lambda: 0.0)
    bus.subscribe(seen.append)
    settings = Settings(model=f"local:{folder}", budget="1usd")
    settings.require_model({})
    record = Record(tmp_path / "record")
    async with open_gateway(settings, record, None, bus) as gateway:
        first = await gateway.complete(_request("hello", temperature=1.0))
        again = await gateway.complete(_request("hello", temperature=1.0))
    assert first.source == "endpoint" and again.text == first.text and again.source == "record"
    assert first.usage.completion_tokens and [each.usd for each in seen if isinstance(each, LlmReply)] == [0.0, 0.0]
    async with open_gateway(settings, Record(tmp_path / "other"), Replay(record), bus) as gateway:
        assert (await gateway.complete(_request("hello", temperature=1.0))).text == first.text


async def test_answer_with_a_schema_is_held_to_it(folder: Path, tmp_path: Path) -> None:
    class Judgement(BaseModel):
        fits: bool
        grade: Literal["good", "poor"]

    settings = Settings(model=f"local:{folder}")
    async with open_gateway(settings, Record(tmp_path / "record"), None, EventBus("test", lambda: 0.0)) as gateway:
        for sample in range(3):
            request = _request("Judge.", temperature=1.0, sample=sample)
            assert isinstance(await gateway.ask_model(request, Judgement, max_repairs=0), Judgement)


async def test_absent_model_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    settings = Settings(model=f"local:{tmp_path / 'absent'}")
    with pytest.raises(NoModel, match="there is no model"):
        async with open_gateway(settings, Record(tmp_path / "record"), None, EventBus("test", lambda: 0.0)):
            raise AssertionError("unreachable")


async def test_small_model_answers_and_is_said_to_be_for_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_small_model()
    monkeypatch.setenv("XDG_CACHE_HOME", str(MODELS.parents[1]))
    seen: list[Event] = []
    bus = EventBus("test", lambda: 0.0)
    bus.subscribe(seen.append)
    async with open_gateway(Settings(model="local:smollm2"), Record(tmp_path / "record"), None, bus) as gateway:
        reply = await gateway.complete(replace(_request("What is the capital of France?"), max_tokens=10))
    assert "Paris" in reply.text
    assert any("for trying the engine" in each.message for each in seen if isinstance(each, Warned))


def test_command_of_the_agent_asks_a_local_model_and_keeps_its_answers(folder: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "cart.py").write_text("class Cart:\n    def total(self):\n        return 0\n")
    asked = ["locate", "--repo", str(shop), "--text", "Cart.total is wrong", "--model", f"local:{folder}"]
    first, again = (CliRunner().invoke(cli, asked) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "Cart.total" in first.stdout and first.stdout == again.stdout
    assert " 0 tokens paid for" not in first.stderr and " 0 tokens paid for" in again.stderr
