from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from talks import EDIT, Room, Said, Talk, call, say

from repowright.agent.chat.events import ChatReply, TestsReport, ToolResult, TurnEnd

pytestmark = pytest.mark.bubblewrap


@pytest.fixture
def boxed(room: Room) -> Room:
    room.settings["sandbox"] = "bubblewrap"
    return room


async def test_affected_tests_are_chosen_by_the_graph_and_run(boxed: Room) -> None:
    (boxed.project / "tests/test_other.py").write_text("def test_other():\n    assert True\n")
    says: list[Said] = [[call("run_tests", which="all")], [EDIT], [call("run_tests")], "all is well"]
    talk = Talk(says=list(says))
    async with boxed.talking(talk, mode="auto") as engine:
        await say(engine, "fix the failing test")
    before, after = boxed.of(TestsReport)
    assert (before.failed, before.failing) == (1, ["tests/test_price.py::test_total"])
    assert "tests/test_price.py" in after.targets
    assert (after.passed >= 1, after.failed, after.errors) == (True, 0, 0)
    assert "assert 2 == 3" in talk.read(1)


async def test_a_base_class_of_tests_in_a_file_that_is_not_collected_is_no_affected_test(boxed: Room) -> None:
    base = "from shop.price import total\n\n\nclass Shared:\n    def test_some(self):\n        assert total([]) == 0\n"
    (boxed.project / "tests/shared_tests.py").write_text(base)
    talk = Talk(says=[[EDIT], [call("run_tests")], [call("run_tests", targets=["tests/shared_tests.py"])], "well"])
    async with boxed.talking(talk, mode="auto") as engine:
        await say(engine, "fix the failing test")
    affected, named = boxed.of(TestsReport)
    assert (affected.targets, affected.errors) == (["tests/test_price.py"], 0)
    assert set(named.failing) == {"pytest"}
    assert "not found: tests/shared_tests.py" in talk.read(-1)


async def test_command_in_the_sandbox_has_no_secret_and_no_network(
    boxed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "correct-horse-battery-staple")
    reach = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
    command = f'env; python3 -c "{reach}" || echo cut off; ls'
    async with boxed.talking(Talk(says=[[call("shell", command=command)], "ok"]), mode="auto") as engine:
        await say(engine, "look around")
    said = boxed.of(ToolResult)[0].text
    assert "correct-horse" not in said
    assert "cut off" in said
    assert "README.md" in said


async def test_cancelled_command_is_taken_its_box_away(boxed: Room) -> None:
    talk = Talk(says=[[call("shell", command="sleep 60")], "stopped"])
    async with boxed.talking(talk, mode="auto") as engine:
        await engine.send("wait")
        while not any(event.type == "tool.progress" for event in boxed.events):
            await asyncio.sleep(0.02)
        await engine.cancel()
        assert boxed.of(TurnEnd)[0].status == "cancelled"
        assert boxed.of(TurnEnd)[0].seconds < 30
        await say(engine, "go on")
    assert boxed.of(ChatReply)[-1].text == "stopped"


async def test_recorded_session_replays_without_a_model(boxed: Room, tmp_path: Path) -> None:
    command = call("shell", command="date +%N; echo done > DONE")
    says: list[Said] = [[EDIT], [command], [call("run_tests")], "fixed"]
    async with boxed.talking(Talk(says=list(says)), mode="auto") as engine:
        await say(engine, "fix it")
        session = engine.session
    other = Room(tmp_path / "other", settings=boxed.settings)
    shutil.copytree(boxed.project, other.project, ignore=shutil.ignore_patterns(".repowright", "DONE"))
    (other.project / "shop/price.py").write_text("def total(prices):\n    return sum(prices) - 1\n")
    talk = Talk()
    async with other.talking(talk, mode="auto", replay=boxed.runs / session) as engine:
        await say(engine, "fix it")
    assert talk.requests == []
    assert [event.text for event in other.of(ToolResult)] == [event.text for event in boxed.of(ToolResult)]
    assert other.read("DONE") == "done\n"
    assert other.read("shop/price.py") == boxed.read("shop/price.py")
