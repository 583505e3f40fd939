from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
from talks import EDIT, Room, Talk, call, say

from repowright.agent.chat.events import ChatReply, ChatUser, FileChange, Rewound, ToolResult, TurnEnd
from repowright.agent.chat.session import find_session, keep_lock, kept_lock, last_session, sessions_of
from repowright.agent.errors import RunBusy

FIXED = "def total(prices):\n    return sum(prices)\n"


async def test_resumed_session_knows_what_was_said_and_shows_it_again(room: Room) -> None:
    async with room.talking(Talk(says=["hello"])) as engine:
        await say(engine, "my name is Ada")
        session = engine.session
    told = len(room.of(ChatUser))
    talk = Talk(says=["Ada"])
    async with room.talking(talk, session="last") as engine:
        assert engine.session == session
        assert len(room.of(ChatUser)) == told + 1
        await say(engine, "what is my name?")
    assert "my name is Ada" in talk.read(0)
    assert [event.message for event in room.of(ChatUser)] == ["m1", "m1", "m3"]


async def test_session_is_found_by_its_folder_and_named_after_its_first_message(room: Room) -> None:
    async with room.talking(Talk()) as engine:
        await say(engine, "Fix the price. It is off by one.")
    assert [each.title for each in sessions_of(room.project, room.runs)] == ["Fix the price"]
    assert last_session(room.folder, room.runs) is None
    assert find_session(engine.session[:12], room.runs).id == engine.session


async def test_open_session_is_not_opened_twice(room: Room) -> None:
    async with room.talking(Talk()) as engine:
        second = await room.open("http://127.0.0.1:9/v1", session=engine.session)
        with pytest.raises(RunBusy):
            await second.start()
        await second.close()


async def test_closing_in_the_middle_of_a_turn_leaves_it_to_be_gone_on_with(room: Room) -> None:
    room.on_ask = None
    talk = Talk(says=[[EDIT], "fixed"])
    async with room.talking(talk) as engine:
        await engine.send("fix it")
        await engine.send("then rest")
        while not any(event.type == "approval.ask" for event in room.events):
            await asyncio.sleep(0.01)
    room.events.clear()
    room.on_ask = lambda ask: "once"
    rest = Talk(says=talk.says)
    async with room.talking(rest, session="last") as engine:
        await engine.resume_turn()
        await engine.settled()
    assert room.read("shop/price.py") == FIXED
    assert [event.text for event in room.of(ChatUser)][-1] == "then rest"
    assert [event.status for event in room.of(TurnEnd)][-2:] == ["done", "done"]


async def test_rewind_of_both_sets_files_and_conversation_back(room: Room) -> None:
    talk = Talk(says=["hi", [EDIT], [call("write", path="shop/new.py", content="A = 1\n")], "fixed", "afresh"])
    async with room.talking(talk, mode="auto-edit") as engine:
        await say(engine, "hello")
        message = room.of(ChatUser)[0].message
        await say(engine, "fix it")
        message = room.of(ChatUser)[1].message
        await engine.rewind(message, "both")
        assert "- 1" in room.read("shop/price.py")
        assert not (room.project / "shop/new.py").exists()
        await say(engine, "fix it")
    rewound = room.of(Rewound)[0]
    assert (rewound.text, rewound.files, rewound.kept) == ("fix it", ["shop/new.py", "shop/price.py"], [])
    assert len(talk.requests) == 5
    assert "'tool_calls'" not in talk.read(4)
    assert room.of(ChatReply)[-1].text == "afresh"


async def test_rewind_leaves_what_the_user_edited_since(room: Room) -> None:
    talk = Talk(says=[[EDIT, call("write", path="shop/new.py", content="A = 1\n")], "fixed"])
    async with room.talking(talk, mode="auto-edit") as engine:
        await say(engine, "fix it")
        (room.project / "shop/new.py").write_text("A = 2  # mine\n")
        await engine.rewind("m1", "code")
    assert room.read("shop/new.py") == "A = 2  # mine\n"
    assert "- 1" in room.read("shop/price.py")
    assert (room.of(Rewound)[0].files, room.of(Rewound)[0].kept) == (["shop/price.py"], ["shop/new.py"])


async def test_rewind_of_the_conversation_alone_keeps_files_and_can_still_undo_them(room: Room) -> None:
    talk = Talk(says=["hi", [EDIT], "fixed", "what?"])
    async with room.talking(talk, mode="auto-edit") as engine:
        await say(engine, "hello")
        await say(engine, "fix it")
        second = room.of(ChatUser)[1].message
        await engine.rewind(second, "conversation")
        assert room.read("shop/price.py") == FIXED
        await say(engine, "what did you do?")
        assert "shop/price.py" in talk.read(3)
        await engine.rewind("m1", "both")
    assert "- 1" in room.read("shop/price.py")


async def test_fork_has_all_that_was_said_and_goes_its_own_way(room: Room) -> None:
    async with room.talking(Talk(says=["hello Ada", "first"])) as engine:
        await say(engine, "I am Ada")
        fork = await engine.fork()
        await say(engine, "one")
    talk = Talk(says=["other"])
    async with room.talking(talk, session=fork) as engine:
        await say(engine, "two")
    assert "I am Ada" in talk.read(0)
    assert "one" not in [event.text for event in room.of(ChatUser) if event.run == fork]
    assert fork != engine.session or len(sessions_of(room.project, room.runs)) == 2


async def test_own_command_is_told_in_the_next_turn(room: Room) -> None:
    talk = Talk(says=["I see"])
    async with room.talking(talk) as engine:
        await engine.shell("echo wel''come")
        await engine.settled()
        await say(engine, "well?")
    assert room.of(ToolResult)[0].text == "welcome"
    assert "welcome" in talk.read(0)


async def test_command_changes_the_project_only_through_a_granted_diff(room: Room) -> None:
    command = call("shell", command="echo '# more' >> README.md; mkdir -p __pycache__; echo x > __pycache__/y.pyc")
    answers = iter(["once", "deny", "once", "once"])
    room.on_ask = lambda ask: next(answers)
    async with room.talking(Talk(says=[[command], "refused", [command], "done"])) as engine:
        await say(engine, "add it")
        assert room.read("README.md") == "# Shop\n"
        await say(engine, "do add it")
    assert room.read("README.md") == "# Shop\n# more\n"
    assert [event.path for event in room.of(FileChange)] == ["README.md"]


async def test_database_does_not_grow_with_the_session(room: Room) -> None:
    talk = Talk(says=["one", [call("list")], "two", "three", "four"])
    async with room.talking(talk) as engine:
        for text in ("a", "b", "c", "d"):
            await say(engine, text)
        session = engine.session
    with closing(sqlite3.connect(room.runs / session / "checkpoints.sqlite")) as database:
        assert database.execute("SELECT COUNT(*) FROM checkpoints").fetchone()[0] == 1


async def test_fork_has_the_dependencies_of_its_session(room: Room) -> None:
    async with room.talking(Talk(says=["one"])) as engine:
        keep_lock(find_session(engine.session, room.runs), "six==1.17.0\n")
        fork = await engine.fork()
    assert kept_lock(find_session(fork, room.runs)) == "six==1.17.0\n"
