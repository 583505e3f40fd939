from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from screens import same_picture, words
from textual.pilot import Pilot

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.app.app import RepowrightApp
from repowright.tui.app.screens.chat import ChatScreen
from repowright.tui.app.screens.run import RunScreen, Shown
from repowright.tui.app.widgets.prompt import Prompt
from repowright.tui.app.widgets.session_list import SessionLine

SIZES = [(110, 32), (80, 24)]
SESSIONS = [
    SessionLine("chat-1", "why is the total wrong?", "2026-01-31 12:00", current=True),
    SessionLine("chat-0", "write the till", "2026-01-30 09:15"),
]
PLAN = c.PlanChanged(plan="- [x] find it\n- [ ] mend it")
WAITING = c.QueueChanged(waiting=[c.Waiting(message="m7", text="then the docs", how="send")])


def app_of(engine: Any, shop: Path, stored: Sequence[e.Event] = ()) -> RepowrightApp:
    engine.stored = stored

    async def make() -> Any:
        return engine

    shown = Shown("repowright · shop", folder=shop)
    return RepowrightApp(lambda: ChatScreen(shown, make, lambda _: SESSIONS, now=lambda: 0.0))


async def settle(pilot: Pilot[int]) -> None:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, RunScreen)
    for prompt in screen.query(Prompt):
        prompt.cursor_blink = False
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
        quiet = quiet + 1 if screen.up_to_date else 0


def named(name: str, size: tuple[int, int]) -> str:
    return f"{name}-{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_session_says_what_can_be_done(
    engine: Any, shop: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    app = app_of(engine, shop)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "Ask about this folder" in words(app) and "write the till" in words(app)
        assert await same_picture(pilot, named("start", size), tmp_path)
        engine.tell(c.ChatUser(message="m1", text="hello"))
        await settle(pilot)
        assert "Ask about this folder" not in words(app)


@pytest.mark.parametrize("size", SIZES)
async def test_plan_and_queue_stand_beside_the_conversation(
    engine: Any, shop: Path, size: tuple[int, int], tmp_path: Path, chat_events: list[e.Event]
) -> None:
    app = app_of(engine, shop, [*chat_events, PLAN, WAITING])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "✓ find it" in words(app) and "○ mend it" in words(app) and "then the docs" in words(app)
        assert await same_picture(pilot, named("working", size), tmp_path)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("key", "name"), [("f4", "diff"), ("f5", "tests"), ("f6", "log")])
async def test_each_tab_shows_its_part(
    engine: Any, shop: Path, size: tuple[int, int], key: str, name: str, tmp_path: Path, chat_events: list[e.Event]
) -> None:
    app = app_of(engine, shop, chat_events)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert await same_picture(pilot, named(f"chat-{name}", size), tmp_path)


async def test_the_tests_tab_names_what_failed(engine: Any, shop: Path, chat_events: list[e.Event]) -> None:
    app = app_of(engine, shop, chat_events)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await pilot.press("f5")
        await settle(pilot)
        shown = words(app)
        assert "failing" in shown and "t::x" in shown and "tests/test_cart.py" in shown


@pytest.mark.parametrize("size", SIZES)
async def test_the_graph_of_the_folder_is_explored(
    engine: Any, shop: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    app = app_of(engine, shop, [c.GraphState(state="ready", path=str(shop / "graph.json"), nodes=6)])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("slash", *"total", "enter")
        await settle(pilot)
        assert await same_picture(pilot, named("chat-graph", size), tmp_path)


async def test_commands_are_offered_as_they_are_typed(engine: Any, shop: Path, tmp_path: Path) -> None:
    app = app_of(engine, shop)
    async with app.run_test(size=SIZES[1]) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await settle(pilot)
        assert "what the agent may do unasked" in words(app)
        assert await same_picture(pilot, named("commands", SIZES[1]), tmp_path)


async def test_the_keys_are_listed(engine: Any, shop: Path, tmp_path: Path) -> None:
    app = app_of(engine, shop)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await pilot.press("f1")
        await settle(pilot)
        assert "Steer" in words(app)
        assert await same_picture(pilot, named("keys", SIZES[0]), tmp_path)


async def test_going_back_says_what_it_changes(engine: Any, shop: Path, chat_events: list[e.Event]) -> None:
    app = app_of(engine, shop, chat_events)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert "1 message and 2 replies are taken out" in words(app)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "1 file set back (+1 -1 undone): shop/cart.py" in words(app)
        assert "+    return sum(prices)" in words(app)
        await pilot.press("down")
        await pilot.pause(0.2)
        assert "files stay as they are" in words(app) and "+    return sum(prices)" not in words(app)
        await pilot.press("down")
        await pilot.pause(0.2)
        assert "all that was said stays" in words(app)


async def test_a_click_opens_a_tab(engine: Any, shop: Path) -> None:
    app = app_of(engine, shop)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await pilot.click("#--content-tab-log")
        await settle(pilot)
        screen = app.screen_stack[0]
        assert isinstance(screen, RunScreen) and screen.tab == "log"


async def test_what_keeps_a_session_from_opening_stays_on_the_screen(engine: Any, shop: Path) -> None:
    from repowright.agent.errors import UserError

    async def fail() -> Any:
        raise UserError("no model is named", "set REPOWRIGHT_MODEL")

    app = RepowrightApp(lambda: ChatScreen(Shown("shop", folder=shop), fail, now=lambda: 0.0))
    async with app.run_test(size=SIZES[1]) as pilot:
        await settle(pilot)
        assert "no model is named" in words(app)
