from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest
from talks import EDIT, Room, Said, Talk, call, say

from repowright.agent.chat.events import (
    ChatDelta,
    ChatReply,
    ChatUser,
    Compaction,
    FileChange,
    GraphState,
    PlanChanged,
    QueueChanged,
    ToolCalled,
    ToolResult,
    TurnEnd,
)
from repowright.agent.chat.session_engine import SessionEngine
from repowright.agent.errors import UserError
from repowright.agent.events import Event, Failure, RunEnd, parse_event
from repowright.agent.run import Run


async def test_answer_streams_and_ends_the_turn(room: Room) -> None:
    async with room.talking(Talk(says=["It sells things."])) as engine:
        await say(engine, "what is this?")
    assert [event.text for event in room.of(ChatReply)] == ["It sells things."]
    assert "".join(event.text for event in room.of(ChatDelta)) == "It sells things."
    assert [event.status for event in room.of(TurnEnd)] == ["done"]
    assert room.of(TurnEnd)[0].prompt_tokens > 0
    assert room.of(RunEnd)[0].status == "done"


async def test_tools_work_on_the_folder_and_their_results_reach_the_model(room: Room) -> None:
    calls = [call("read", path="shop/price.py"), call("grep", pattern="def total"), call("list", pattern="tests")]
    talk = Talk(says=[calls, "done"])
    async with room.talking(talk) as engine:
        await say(engine, "look")
    results = [event.text for event in room.of(ToolResult)]
    assert "2 |     return sum(prices) - 1" in results[0]
    assert results[1:] == ["shop/price.py:1: def total(prices):", "tests/test_price.py"]
    assert "return sum(prices) - 1" in talk.read(1)
    assert room.of(ToolCalled)[0].title == "read shop/price.py"


async def test_graph_is_encoded_in_the_background_and_fresh_after_an_edit(room: Room) -> None:
    write = call("write", path="shop/tax.py", content="def vat(price):\n    return price * 0.2\n")
    fetch = call("fetch", code_entities=["shop/tax.py:vat"])
    async with room.talking(Talk(says=[[write], [fetch], "ok"]), mode="auto-edit") as engine:
        await say(engine, "add VAT")
    assert room.of(ToolResult)[1].state == "done"
    assert "price * 0.2" in room.of(ToolResult)[1].text
    assert room.of(GraphState)[-1].state == "ready"
    assert room.of(GraphState)[-1].nodes > 0


async def test_wrong_calls_become_words_for_the_model(room: Room) -> None:
    calls = [
        call("fly"),
        call("read", line=3),
        call("read", path="../secret"),
        call("read", path="missing.py"),
        call("edit", path="shop/price.py", old="nothing like it", new=""),
        call("write", path=".repowright/approvals.toml", content=""),
    ]
    async with room.talking(Talk(says=[calls, "ok"]), mode="auto") as engine:
        await say(engine, "go wild")
    assert all(event.state in ("failed", "denied") for event in room.of(ToolResult))
    assert len(room.of(ToolResult)) == len(calls)
    assert [event.status for event in room.of(TurnEnd)] == ["done"]


async def test_edit_shows_its_diff_and_changes_the_file(room: Room) -> None:
    async with room.talking(Talk(says=[[EDIT], "fixed"]), mode="auto-edit") as engine:
        await say(engine, "fix it")
    assert room.read("shop/price.py").endswith("return sum(prices)\n")
    change = room.of(FileChange)[0]
    assert "-    return sum(prices) - 1\n+    return sum(prices)\n" in change.diff
    assert (change.added, change.removed) == (1, 1)


async def test_messages_wait_for_their_turn_in_order(room: Room) -> None:
    async with room.talking(Talk(says=["one", "two"])) as engine:
        await engine.send("first")
        await engine.send("second")
        await engine.send("third")
        await engine.unqueue("m3")
        await engine.settled()
    assert [event.text for event in room.of(ChatUser)] == ["first", "second"]
    assert [event.text for event in room.of(ChatReply)] == ["one", "two"]
    assert room.of(QueueChanged)[-1].waiting == []


async def test_steering_reaches_the_model_at_the_next_step(room: Room) -> None:
    talk = Talk(says=[[call("list")], "as you wish"])
    async with room.talking(talk) as engine:
        _at_first_call(engine, lambda: engine.steer("in French"))
        await say(engine, "describe it")
    assert [(event.text, event.how) for event in room.of(ChatUser)] == [("describe it", "send"), ("in French", "steer")]
    assert "in French" in talk.read(1)
    assert len(room.of(TurnEnd)) == 1


async def test_drained_turn_stops_after_its_step_and_goes_on(room: Room) -> None:
    talk = Talk(says=[[call("list"), call("read", path="README.md")], "all seen"])
    async with room.talking(talk) as engine:
        _at_first_call(engine, engine.drain)
        await say(engine, "look")
        assert [event.status for event in room.of(TurnEnd)] == ["drained"]
        await engine.resume_turn()
        await engine.settled()
    assert [event.status for event in room.of(TurnEnd)] == ["drained", "done"]
    assert [event.state for event in room.of(ToolResult)] == ["done", "done"]
    assert len(talk.requests) == 2


async def test_cancelled_turn_stops_at_once_and_the_next_one_is_sound(room: Room) -> None:
    room.on_ask = None
    talk = Talk(says=[[EDIT], "never mind then"])
    async with room.talking(talk) as engine:
        await engine.send("fix it")
        while not any(event.type == "approval.ask" for event in room.events):
            await asyncio.sleep(0.01)
        await engine.cancel()
        assert [event.status for event in room.of(TurnEnd)] == ["cancelled"]
        await say(engine, "leave it")
    assert "- 1" in room.read("shop/price.py")
    assert [event.state for event in room.of(ToolResult)] == ["cancelled"]
    assert "the user stopped the turn" in talk.read(1)
    assert [event.status for event in room.of(TurnEnd)] == ["cancelled", "done"]


async def test_bound_on_steps_ends_the_turn(room: Room) -> None:
    talk = Talk(says=[[call("list", pattern=str(number))] for number in range(9)])
    async with room.talking(talk, most_steps=3) as engine:
        await say(engine, "look forever")
    assert [(event.status, event.steps) for event in room.of(TurnEnd)] == [("steps", 3)]


async def test_budget_stops_before_the_call_that_would_pass_it(room: Room) -> None:
    room.settings["budget"] = "30000tok"
    says = [[call("read", path="README.md", first=1, last=number)] for number in range(1, 9)]
    async with room.talking(Talk(says=list(says))) as engine:
        await say(engine, "spend")
        await say(engine, "more")
    assert room.of(TurnEnd)[-1].status == "budget"
    assert room.of(Failure)[-1].error in ("BudgetSpent", "BudgetError")


async def test_plan_and_last_request_survive_compaction_word_for_word(room: Room) -> None:
    plan = "- [x] look\n- [ ] fix the price"
    says: list[Said] = [[call("plan", plan=plan)], [EDIT], [call("read", path="shop/price.py")], "seen", "still here"]
    talk = Talk(says=list(says))
    async with room.talking(talk, mode="auto-edit") as engine:
        await say(engine, "fix the price, but keep the name `total`")
        await engine.compact()
        await say(engine, "and now?")
    read = talk.read(len(talk.requests) - 1)
    assert room.of(PlanChanged)[0].plan == plan
    assert room.of(Compaction)[0].summary == talk.summary
    for kept in (talk.summary, "- [ ] fix the price", "keep the name `total`", "+    return sum(prices)", "and now?"):
        assert kept in read
    assert "'role': 'tool'" not in read


async def test_full_window_is_compacted_within_a_turn(room: Room) -> None:
    (room.project / "long.txt").write_text("".join(f"line {number} of a long text\n" for number in range(2000)))
    says = [[call("read", path="long.txt", first=first)] for first in range(1, 1600, 400)]
    async with room.talking(Talk(says=[*says, "read it all"]), window=12_000) as engine:
        await say(engine, "read long.txt")
    assert room.of(Compaction)
    assert all(event.tokens_after < event.tokens_before for event in room.of(Compaction))
    assert room.of(ChatReply)[-1].text == "read it all"


async def test_long_result_is_shortened_and_can_be_read_by_its_handle(room: Room) -> None:
    (room.project / "wide.txt").write_text("".join(f"{number} {'x' * 90}\n" for number in range(300)))
    talk = Talk(says=[[call("read", path="wide.txt")], "long"])
    async with room.talking(talk) as engine:
        await say(engine, "read")
        result = room.of(ToolResult)[0]
        talk.says = [[call("read_result", handle=result.handle, pattern="150 x")], "found"]
        await say(engine, "line 150?")
    assert len(result.text) < 13_000
    assert "left out" in result.text
    assert "150 x" in room.of(ToolResult)[1].text


async def test_stored_events_are_the_told_ones_without_the_passing(room: Room) -> None:
    async with room.talking(Talk(says=[[call("list")], "ok"])) as engine:
        await say(engine, "look")
        session = engine.session
    stored = Run.open(room.runs / session).events()
    told = [event for event in room.events if event.type not in ("chat.delta", "tool.progress")]
    assert stored == told
    assert all(parse_event(event.model_dump_json()) == event for event in stored)


async def test_commands_that_make_no_sense_are_refused(room: Room) -> None:
    async with room.talking(Talk()) as engine:
        for wrong in (
            engine.send("  "),
            engine.decide("a9", "once"),
            engine.rewind("m9", "both"),
            engine.unqueue("m9"),
        ):
            with pytest.raises(UserError):
                await wrong
    with pytest.raises(UserError):
        await engine.send("hello")


def _at_first_call(engine: SessionEngine, act: Callable[[], Coroutine[None, None, None]]) -> None:
    """Act as soon as the first call of a tool is told, before it is carried out."""
    acts: list[asyncio.Task[None]] = []

    def told(event: Event) -> None:
        if isinstance(event, ToolCalled) and not acts:
            acts.append(asyncio.create_task(act()))

    engine.subscribe(told)
