from __future__ import annotations

import errno
from pathlib import Path

import pytest
from pydantic import BaseModel
from talks import Room, Talk, call, say

from repowright.agent.chat.events import ChatReply, TurnEnd, TurnStart
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.errors import UserError
from repowright.agent.events import Event, Failure, RunEnd
from repowright.agent.run import Run


class Nothing(BaseModel):
    """No arguments."""


def faulty(error: BaseException) -> ChatTool:
    faults = [error]

    async def act(asked: Nothing, site: Site) -> Told:
        if faults:
            raise faults.pop()
        return Told(text="mended")

    return acting("faulty", "Breaks once.", Nothing, act)


async def test_fault_of_a_worker_ends_the_turn_and_the_run_truthfully(room: Room) -> None:
    tool = faulty(ZeroDivisionError("a worker broke"))
    talk = Talk(says=[[call("faulty")], "went on"])
    async with room.talking(talk, attended=False, tools=[tool]) as engine:
        await say(engine, "do it")
        session = engine.session
        (failure,) = room.of(Failure)
        assert "internal error: ZeroDivisionError: a worker broke" in failure.message
        assert [event.status for event in room.of(TurnEnd)] == ["error"]
    end = room.of(RunEnd)[-1]
    assert (end.status, end.exit_code, end.resume) == ("error", 70, f"repowright runs resume {session}")
    again = Talk(says=["went on"])
    async with room.talking(again, session=session, attended=False, tools=[tool]) as engine:
        await engine.resume_turn()
        await engine.settled()
    assert (room.of(ChatReply)[-1].text, room.of(RunEnd)[-1].exit_code) == ("went on", 0)
    assert "mended" in again.read(0)
    assert (len(talk.requests), len(again.requests)) == (1, 1)


async def test_every_turn_that_began_ends_and_the_next_one_goes_on(room: Room) -> None:
    tool = faulty(KeyError("gone"))
    async with room.talking(Talk(says=[[call("faulty")], "ok"]), tools=[tool]) as engine:
        await say(engine, "do it")
        await say(engine, "once more")
    assert len(room.of(TurnStart)) == len(room.of(TurnEnd)) == 2
    assert [event.status for event in room.of(TurnEnd)] == ["error", "done"]


async def test_subscriber_that_cannot_write_is_not_taken_for_an_end(room: Room) -> None:
    def full(event: Event) -> None:
        if isinstance(event, RunEnd):
            raise OSError(errno.ENOSPC, "no space left")

    engine = await room.open("http://127.0.0.1:9/v1")
    engine.subscribe(full)
    await engine.start()
    with pytest.raises(OSError, match="no space left"):
        await engine.close()
    await engine.close()


async def test_session_whose_folder_is_gone_says_so(room: Room, tmp_path: Path) -> None:
    async with room.talking(Talk(says=["hello"])) as engine:
        await say(engine, "hello")
        session = engine.session
    room.project.rename(tmp_path / "moved")
    with pytest.raises(UserError, match="is gone"):
        await room.open("http://127.0.0.1:9/v1", session=session)
    assert Run.open(room.runs / session).status == "done"
