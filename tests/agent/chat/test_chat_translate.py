from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scripted_translator import Translator
from small_c_projects import QUEUE
from small_python_projects import SHELF
from small_translations import need_rust
from talks import Room, Talk, call, say

from repowright.agent.chat.events import ApprovalAsk, ToolProgress, ToolResult, TurnEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs

NO_C = {"README.md": "# Nothing to translate\n", "shop.py": "PRICE = 3\n"}


@dataclass
class Translating(Talk):
    """Converses, and translates for the run that the conversation begins."""

    translator: Translator = field(default_factory=lambda: Translator(QUEUE.solution))

    def answer(self, body: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
        return super().answer(body) if body.get("tools") else (self.translator.answer(body).text, [])

    def offered(self) -> list[bool]:
        """Whether each request of the conversation had the tool."""
        names = [{tool["function"]["name"] for tool in body["tools"]} for body in self.requests]
        return ["translate" in each for each in names]


@pytest.fixture
def rings(tmp_path: Path) -> Room:
    room = Room(tmp_path)
    QUEUE.write(room.project)
    return room.make({"README.md": "# Rings\n"})


def wanted(room: Room, **changed: object) -> dict[str, Any]:
    given = {"folder": "c", "out": str(room.folder / "ring-rust"), "interface": "interface", "tests": "tests"}
    return call("translate", **{**given, **changed})


def runs_of(room: Room, workflow: str) -> list[str]:
    return [each.id for each in list_runs(room.runs) if Run.open(each.folder).manifest.workflow == workflow]


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
async def test_translation_that_was_broken_off_goes_on_and_is_told_with_its_report(rings: Room) -> None:
    need_rust()
    rings.settings = {"sandbox": "bubblewrap", "unsafe_local": False}
    talk = Translating(says=[[wanted(rings)]])
    async with rings.talking(talk, mode="ask") as engine:
        await engine.send("make it Rust")
        async with asyncio.timeout(120):
            while len(talk.translator.requests) < 2:
                await asyncio.sleep(0.01)
    ask = rings.of(ApprovalAsk)[0]
    assert "translate c to Rust" in ask.title and f"into: {rings.folder / 'ring-rust'}" in ask.detail
    begun = runs_of(rings, "translate")
    rings.events.clear()
    rings.on_ask = lambda ask: "deny"
    rest = Translating(says=["it is done"], translator=talk.translator)
    async with rings.talking(rest, session="last") as engine:
        await engine.resume_turn()
        async with asyncio.timeout(120):
            await engine.settled()
    assert len(begun) == 1 and runs_of(rings, "translate") == begun
    result = rings.of(ToolResult)[-1]
    assert result.state == "done" and "2 passed, 0 failed" in result.text and "# " in result.text
    assert begun[0] in rest.read(0) and "Translate unit by unit" in {each.text for each in rings.of(ToolProgress)}
    assert (rings.folder / "ring-rust/Cargo.toml").is_file()
    assert len(talk.translator.asked_twice()) <= 1


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
async def test_translation_to_python_ends_in_a_package(tmp_path: Path) -> None:
    room = Room(tmp_path)
    SHELF.write(room.project)
    room.make({"README.md": "# Words\n"}).settings = {"sandbox": "bubblewrap", "unsafe_local": False}
    asked = wanted(room, to="python", out=str(room.folder / "shelf"), interface="", tests="")
    talk = Translating(says=[[asked], "it is done"], translator=Translator(SHELF.solution))
    async with room.talking(talk, mode="auto") as engine:
        await say(engine, "make it Python")
    result = room.of(ToolResult)[-1]
    assert result.state == "done" and "lines of C, of Python" in result.text and talk.translator.requests
    assert (room.folder / "shelf/c/words.py").is_file()


async def test_refused_translation_begins_nothing(rings: Room) -> None:
    rings.on_ask = lambda ask: "deny"
    async with rings.talking(Translating(says=[[wanted(rings)], "as you wish"]), mode="ask") as engine:
        await say(engine, "make it Rust")
    assert rings.of(ToolResult)[0].state == "denied" and not runs_of(rings, "translate")


async def test_plan_mode_and_nobody_to_ask_mean_no_translation(rings: Room) -> None:
    async with rings.talking(Translating(says=[[wanted(rings)], "no"]), mode="plan") as engine:
        await say(engine, "make it Rust")
    async with rings.talking(Translating(says=[[wanted(rings)], "no"]), mode="ask", attended=False) as engine:
        await say(engine, "make it Rust")
    assert [each.state for each in rings.of(ToolResult)] == ["denied", "denied"]
    assert rings.of(TurnEnd)[-1].status == "denied" and not runs_of(rings, "translate")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"out": "ring-rust"}, "ring-rust is not an absolute path"),
        ({"folder": "../elsewhere"}, "../elsewhere lies outside of the project"),
        ({"folder": "/etc"}, "/etc lies outside of the project"),
        ({"tests": "link"}, "link lies outside of the project"),
        ({"folder": "tests"}, "no C file below tests"),
        ({"folder": "nowhere"}, "nowhere is no folder"),
        ({"to": "python", "idiomatic": True}, "nothing is designed for python"),
        ({"to": "fortran"}, "to"),
        ({"out": "{project}/ring-rust"}, "lies inside the git work tree"),
    ],
)
async def test_what_cannot_be_translated_is_told_to_the_model(rings: Room, changed: dict[str, Any], told: str) -> None:
    (rings.project / "link").symlink_to("/etc")
    filled = {name: str(value).format(project=rings.project) for name, value in changed.items()}
    async with rings.talking(Translating(says=[[wanted(rings, **filled)], "sorry"]), mode="auto") as engine:
        await say(engine, "make it Rust")
    result = rings.of(ToolResult)[0]
    assert result.state == "failed" and told in result.text and not runs_of(rings, "translate")


async def test_tool_is_offered_where_the_folder_held_c_when_the_session_began(tmp_path: Path) -> None:
    room = Room(tmp_path).make(NO_C)
    async with room.talking(talk := Translating()) as engine:
        await say(engine, "hello")
    (room.project / "ring.c").write_text(QUEUE.c["ring.c"])
    async with room.talking(later := Translating(), session="last") as engine:
        await say(engine, "and now?")
    async with room.talking(anew := Translating()) as engine:
        await say(engine, "hello")
    assert (talk.offered(), later.offered(), anew.offered()) == ([False], [False], [True])


async def test_replayed_session_offers_what_its_recording_did(tmp_path: Path) -> None:
    room = Room(tmp_path).make(NO_C)
    async with room.talking(Translating(says=["good day"])) as engine:
        await say(engine, "hello")
    (room.project / "ring.c").write_text(QUEUE.c["ring.c"])
    silent = Translating()
    async with room.talking(silent, replay=room.runs / engine.session) as engine:
        await say(engine, "hello")
    assert not silent.requests and room.of(TurnEnd)[-1].status == "done"
