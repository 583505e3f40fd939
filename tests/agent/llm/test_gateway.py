from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from repowright.agent.errors import (
    BudgetSpent,
    ModelAuth,
    ModelRefused,
    NoModel,
    ReplayMiss,
    ReplyInvalid,
)
from repowright.agent.events import LlmReply, LlmRetry, ReplyRejected
from repowright.agent.llm import Budget, Record, Replay, Reply, Request, Unusable

if TYPE_CHECKING:
    from tests.agent.llm.conftest import Script, Seat

RequestFor = Callable[..., Request]


class Point(BaseModel):
    x: int
    name: str


def not_empty(reply: Reply) -> str:
    if not reply.text.startswith("ok"):
        raise Unusable(["it must start with ok", "and be polite"])
    return reply.text


async def arrival(script: Script) -> None:
    async with asyncio.timeout(5):
        while not script.asked:
            await asyncio.sleep(0.005)


async def test_reply_is_recorded_and_not_paid_for_twice(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("answer"))
    first = seat()
    assert (await first.gateway.complete(request_for())).source == "endpoint"
    again = seat()
    again.ledger.restore(again.record.replies())
    reply = await again.gateway.complete(request_for())
    assert (reply.text, reply.source) == ("answer", "record")
    assert len(script.asked) == 1
    assert again.kinds() == ["llm.call", "llm.reply"]
    assert again.ledger.spent == first.ledger.spent
    assert again.ledger.replayed.tokens == 18


async def test_events_tell_tokens_money_and_tries(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.status(500, "oops"), script.text("answer"))
    desk = seat()
    await desk.gateway.complete(request_for())
    retry, reply = desk.events[1], desk.events[2]
    assert isinstance(retry, LlmRetry) and retry.reason == "500 oops" and retry.wait_s == 0.5
    assert isinstance(reply, LlmReply) and reply.tries == 2
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens) == (11, 7, 3)
    assert reply.usd == pytest.approx((8 * 0.15 + 3 * 0.075 + 7 * 0.6) / 1e6)


async def test_replay_needs_no_endpoint_and_fills_the_new_record(
    script: Script, seat: Seat, request_for: RequestFor, tmp_path: Path
) -> None:
    script.then(script.text("answer"))
    await seat("first").gateway.complete(request_for())
    desk = seat("second", replay=Replay(Record(tmp_path / "first")), offline=True)
    reply = await desk.gateway.complete(request_for())
    assert (reply.text, reply.source) == ("answer", "replay")
    assert desk.ledger.spent.tokens == 0
    assert len(desk.record) == 1


async def test_replay_miss_names_the_request_and_never_asks(
    script: Script, seat: Seat, request_for: RequestFor, tmp_path: Path
) -> None:
    script.then(script.text("answer"))
    desk = seat(replay=Replay(Record(tmp_path / "empty")))
    request = request_for(subject="parser.py")
    with pytest.raises(ReplayMiss) as caught:
        await desk.gateway.complete(request)
    for part in ("t.one", "parser.py", request.key("gpt-4o-mini"), "holds 0 answers"):
        assert part in str(caught.value)
    assert script.asked == []


async def test_key_reaches_neither_record_nor_events(
    script: Script, seat: Seat, request_for: RequestFor, tmp_path: Path
) -> None:
    script.then(script.status(500, "bad key sk-test-0123456789abcdef"), script.text("answer"))
    desk = seat()
    await desk.gateway.complete(request_for())
    written = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.rglob("*.json"))]
    shown = [event.model_dump_json() for event in desk.events]
    assert len(written) == 1 and len(shown) == 3
    assert not [text for text in written + shown if "0123456789abcdef" in text]


async def test_without_endpoint_and_replay_there_is_no_model(seat: Seat, request_for: RequestFor) -> None:
    with pytest.raises(NoModel):
        await seat(offline=True).gateway.complete(request_for())


async def test_same_request_at_once_is_one_call(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("answer", pause_s=0.05))
    desk = seat()
    replies = await asyncio.gather(*(desk.gateway.complete(request_for()) for _ in range(5)))
    assert {reply.text for reply in replies} == {"answer"}
    assert len(script.asked) == 1
    assert desk.kinds() == ["llm.call", "llm.reply"]


async def test_one_of_two_waiting_may_leave(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("answer", pause_s=0.1))
    desk = seat()
    one, other = (asyncio.create_task(desk.gateway.complete(request_for())) for _ in range(2))
    await arrival(script)
    one.cancel()
    assert (await other).text == "answer"
    assert one.cancelled() and len(script.asked) == 1


async def test_call_nobody_waits_for_ends_and_gives_its_reservation_back(
    script: Script, seat: Seat, request_for: RequestFor
) -> None:
    script.then(script.text("answer", pause_s=0.2), script.text("again"))
    desk = seat()
    task = asyncio.create_task(desk.gateway.complete(request_for()))
    await arrival(script)
    assert desk.ledger.reserved.tokens > 100
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.ledger.reserved.tokens == 0 and len(desk.record) == 0
    reply = await desk.gateway.complete(request_for())
    assert (reply.text, reply.source) == ("again", "endpoint")


async def test_calls_at_once_are_bounded(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("answer", pause_s=0.1))
    desk = seat(concurrency=2)
    await asyncio.gather(*(desk.gateway.complete(request_for(sample=number)) for number in range(6)))
    assert len(script.asked) == 6
    assert script.most_at_once == 2


async def test_failed_call_is_shared_reserved_nothing_and_can_be_asked_again(
    script: Script, seat: Seat, request_for: RequestFor
) -> None:
    script.then(script.status(401, "no"), script.text("answer"))
    desk = seat()
    both = await asyncio.gather(*(desk.gateway.complete(request_for()) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in both] == [ModelAuth, ModelAuth]
    assert desk.ledger.reserved.tokens == 0 and len(desk.record) == 0
    assert (await desk.gateway.complete(request_for())).text == "answer"


async def test_budget_stops_before_the_call(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("answer", usage={"prompt_tokens": 10, "completion_tokens": 90}))
    desk = seat(budget=Budget(tokens=300))
    await desk.gateway.complete(request_for())
    with pytest.raises(BudgetSpent):
        await desk.gateway.complete(request_for("something else", max_tokens=150))
    assert len(script.asked) == 1
    assert (await desk.gateway.complete(request_for())).source == "record"


async def test_declined_answer_is_paid_for_but_not_recorded(
    script: Script, seat: Seat, request_for: RequestFor
) -> None:
    script.then(script.text("", refusal="I cannot help"))
    desk = seat()
    with pytest.raises(ModelRefused, match="I cannot help"):
        await desk.gateway.complete(request_for())
    assert desk.ledger.spent.tokens == 18
    assert len(desk.record) == 0


async def test_unusable_answer_is_told_its_problems(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("no"), script.text("ok then"))
    desk = seat()
    assert await desk.gateway.ask(request_for(), not_empty) == "ok then"
    messages = script.asked[1].body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "no"
    assert "- it must start with ok\n- and be polite\n" in messages[3]["content"]
    rejected = [event for event in desk.events if isinstance(event, ReplyRejected)]
    assert [(event.round, event.problems[0]) for event in rejected] == [(1, "it must start with ok")]


async def test_repair_rounds_are_bounded_and_replayable(
    script: Script, seat: Seat, request_for: RequestFor, tmp_path: Path
) -> None:
    script.then(script.text("no"), script.text("never"), script.text("not"))
    with pytest.raises(ReplyInvalid, match=r"t\.one \(s\): it must start with ok") as live:
        await seat("first").gateway.ask(request_for(), not_empty)
    assert live.value.problems == ("it must start with ok", "and be polite")
    assert len(script.asked) == 3
    desk = seat("second", replay=Replay(Record(tmp_path / "first")), offline=True)
    with pytest.raises(ReplyInvalid) as replayed:
        await desk.gateway.ask(request_for(), not_empty)
    assert str(replayed.value) == str(live.value)


async def test_cut_off_answer_is_a_problem_of_its_own(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(script.text("ok, but it goes on", finish="length"), script.text("ok"))
    assert await seat().gateway.ask(request_for(), not_empty) == "ok"
    assert "cut off at 100 tokens: answer shorter" in script.asked[1].body["messages"][-1]["content"]


async def test_model_is_asked_for_by_schema_and_checked(script: Script, seat: Seat, request_for: RequestFor) -> None:
    script.then(
        script.text('Sure:\n```json\n{"x": "1", "name": "p"}\n```'),
        script.text('{"x": -1, "name": "p"}'),
        script.text('{"x": 1, "name": "p"}'),
    )
    point = await seat().gateway.ask_model(
        request_for(), Point, lambda answer: [] if answer.x > 0 else [f"x is {answer.x}, not positive"]
    )
    assert point == Point(x=1, name="p")
    sent = script.asked[0].body["response_format"]["json_schema"]
    assert sent["name"] == "Point" and sent["strict"] is True
    assert sent["schema"]["additionalProperties"] is False
    assert "x: Input should be a valid integer" in script.asked[1].body["messages"][-1]["content"]
    assert "x is -1, not positive" in script.asked[2].body["messages"][-1]["content"]
