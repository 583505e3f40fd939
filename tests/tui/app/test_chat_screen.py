from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from screens import same_picture, words
from textual.pilot import Pilot
from textual.widgets import Static

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.agent.errors import UserError
from repowright.tui.app.app import RepowrightApp
from repowright.tui.app.screens.chat import ChatScreen
from repowright.tui.app.screens.run import Shown
from repowright.tui.app.widgets.approval_panel import ApprovalPanel
from repowright.tui.app.widgets.chat_log import ChatLog
from repowright.tui.app.widgets.live_message import LiveMessage
from repowright.tui.app.widgets.message import Message
from repowright.tui.app.widgets.prompt import Prompt
from repowright.tui.app.widgets.session_list import SessionLine
from repowright.tui.app.widgets.suggestions import Suggestions

WIDE, SMALL = (110, 32), (80, 24)
ASK = c.ApprovalAsk(
    approval="a1",
    call="c2",
    tool="shell",
    title="shell pytest -q",
    detail="pytest -q",
    reason="mode ask",
    scope=["shell: pytest *"],
)


def app_of(engine: Any, shop: Path, sessions: Sequence[SessionLine] = ()) -> RepowrightApp:
    async def make() -> Any:
        return engine

    return RepowrightApp(
        lambda: ChatScreen(Shown("shop", folder=shop), make, lambda _: list(sessions), now=lambda: 0.0)
    )


async def settle(pilot: Pilot[int]) -> ChatScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, ChatScreen)
    for prompt in screen.query(Prompt):
        prompt.cursor_blink = False
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
        quiet = quiet + 1 if screen.up_to_date else 0
    return screen


async def say(pilot: Pilot[int], text: str, key: str = "enter") -> ChatScreen:
    screen = pilot.app.screen_stack[0]
    screen.query_one(Prompt).set_text(text)
    await pilot.press(key)
    return await settle(pilot)


async def test_what_is_typed_is_sent_and_the_line_is_empty_again(engine: Any, shop: Path) -> None:
    app = app_of(engine, shop)
    async with app.run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        await pilot.press(*"hello")
        await pilot.press("enter")
        await settle(pilot)
        assert engine.asked == [("send", "hello")]
        assert screen.query_one(Prompt).text == ""
    assert engine.asked[-1] == ("close",)


async def test_what_is_typed_before_the_session_is_open_is_sent_then(engine: Any, shop: Path) -> None:
    async def make() -> Any:
        while not screen.query_one(Prompt).text and not screen._early:
            await pilot.pause(0.05)
        await pilot.pause(0.2)
        return engine

    screen = ChatScreen(Shown("shop", folder=shop), make)
    app = RepowrightApp(lambda: screen)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause(0.2)
        await pilot.press(*"hi", "enter")
        await settle(pilot)
        assert engine.asked == [("send", "hi")]


async def test_control_s_steers_and_a_mark_of_exclamation_runs_in_the_sandbox(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        await settle(pilot)
        await say(pilot, "not that file", "ctrl+s")
        await say(pilot, "!git status")
        assert engine.asked == [("steer", "not that file"), ("shell", "git status")]


async def test_escape_drains_and_twice_cancels(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("escape")
        await pilot.press("escape")
        await settle(pilot)
        assert engine.asked == [("drain",), ("cancel",)]


async def test_a_reply_streams_and_ends_as_one_widget(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        text = "A paragraph of words.\n\n" * 200
        for start in range(0, len(text), 100):
            engine.tell(c.ChatDelta(message="m1", text=text[start : start + 100]))
            if start % 1000 == 0:
                await pilot.pause(0.05)
        await settle(pilot)
        live = screen.query_one(LiveMessage)
        assert 1 < len(live.children) < 8
        assert "A paragraph of words." in words(pilot.app)
        engine.tell(c.ChatReply(message="m1", text=text))
        await settle(pilot)
        assert not screen.query(LiveMessage)
        assert len(screen.query(Message)) == 1
        log = screen.query_one(ChatLog)
        assert log.scroll_y == log.max_scroll_y > 0


async def test_what_waits_is_shown_and_taken_back(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        engine.tell(c.QueueChanged(waiting=[c.Waiting(message="m7", text="then the docs", how="send")]))
        await settle(pilot)
        assert "waits (send): then the docs" in words(pilot.app)
        await say(pilot, "/unqueue")
        assert engine.asked == [("unqueue", "m7")]
        engine.tell(c.QueueChanged(waiting=[]))
        await settle(pilot)
        assert not screen.query_one("#queue", Static).display


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["y"], ("once", "")),
        (["s"], ("session", "")),
        (["a"], ("always", "")),
        (["down", "enter"], ("session", "")),
        (["n", *"no", "enter"], ("deny", "no")),
    ],
)
async def test_an_approval_takes_the_keys_until_it_is_answered(
    engine: Any, shop: Path, keys: list[str], answer: tuple[str, str]
) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        engine.tell(ASK)
        await settle(pilot)
        assert "shell: pytest *" in words(pilot.app) and "needs you" in words(pilot.app)
        await pilot.press(*keys)
        await settle(pilot)
        assert engine.asked == [("decide", "a1", *answer)]
        assert not screen.query(ApprovalPanel)
        assert pilot.app.focused is screen.query_one(Prompt)


async def test_without_a_rule_to_keep_only_once_is_offered(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        engine.tell(ASK.model_copy(update={"scope": []}))
        await settle(pilot)
        await pilot.press("a", "s")
        await settle(pilot)
        assert engine.asked == []
        assert screen.query_one(ApprovalPanel).query_one("#answers").option_count == 2  # type: ignore[attr-defined]


async def test_at_completes_files(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        await pilot.press(*"see @till")
        await pilot.pause(0.1)
        assert screen.query_one(Suggestions).display
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert screen.query_one(Prompt).text == "see @shop/till.py "
        assert not screen.query_one(Suggestions).display and engine.asked == []


async def test_at_completes_nodes_once_the_graph_is_there(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        engine.tell(c.GraphState(state="ready", path=str(shop / "graph.json"), nodes=6))
        await settle(pilot)
        await pilot.press(*"@:pay")
        await pilot.pause(0.1)
        await pilot.press("tab")
        await pilot.pause(0.1)
        assert screen.query_one(Prompt).text == "@shop/till.py:pay "


async def test_a_slash_completes_and_escape_only_closes_the_list(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        await pilot.press(*"/com")
        await pilot.pause(0.1)
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert not screen.query_one(Suggestions).display and engine.asked == []
        await say(pilot, "/compact")
        assert engine.asked == [("compact",)]


async def test_commands_reach_the_engine_and_the_screen(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        for line in ("/mode plan", "/continue", "/fork"):
            await say(pilot, line)
        assert engine.asked == [("mode", "plan"), ("continue",), ("fork",)]
        await say(pilot, "/log")
        assert screen.tab == "log"


async def test_an_unknown_command_is_told(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=WIDE, notifications=True) as pilot:
        await settle(pilot)
        await say(pilot, "/nonsense")
        assert "no command /nonsense" in words(pilot.app) and engine.asked == []


async def test_shift_tab_goes_to_the_next_mode(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        await settle(pilot)
        engine.tell(c.ModeChanged(mode="auto"))
        await settle(pilot)
        await pilot.press("shift+tab")
        await settle(pilot)
        assert engine.asked == [("mode", "plan")]


async def test_rewinding_asks_for_the_message_and_for_what(
    engine: Any, shop: Path, chat_events: list[e.Event], tmp_path: Path
) -> None:
    engine.stored = chat_events
    async with app_of(engine, shop).run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        await say(pilot, "/rewind")
        assert await same_picture(pilot, "rewind-110x32", tmp_path)
        await pilot.press("enter")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert engine.asked == [("rewind", "m1", "conversation")]
        assert screen.query_one(Prompt).text == "said before"


async def test_the_up_key_brings_back_what_was_said(engine: Any, shop: Path) -> None:
    async with app_of(engine, shop).run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        await say(pilot, "first")
        await say(pilot, "second")
        await pilot.press("up", "up")
        assert screen.query_one(Prompt).text == "first"
        await pilot.press("down", "down")
        assert screen.query_one(Prompt).text == ""


async def test_what_the_engine_refuses_is_told(engine: Any, shop: Path) -> None:
    async def refuse(_: str) -> None:
        raise UserError("nothing to say", "say something")

    engine.send = refuse
    async with app_of(engine, shop).run_test(size=WIDE, notifications=True) as pilot:
        await settle(pilot)
        await say(pilot, "hello")
        assert "nothing to say" in words(pilot.app)


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_resumed_conversation_looks_as_it_was_left(
    engine: Any, shop: Path, chat_events: list[e.Event], size: tuple[int, int], tmp_path: Path
) -> None:
    engine.stored = [*chat_events[:9]]
    sessions = [SessionLine("chat-1", "the total", "2026-01-31 12:00", current=True), SessionLine("chat-0", "x", "y")]
    async with app_of(engine, shop, sessions).run_test(size=size) as pilot:
        await settle(pilot)
        pilot.app.screen.query_one(Prompt).cursor_blink = False
        await pilot.pause()
        assert await same_picture(pilot, f"approval-{size[0]}x{size[1]}", tmp_path)


async def test_another_session_is_asked_for_and_the_app_ends(engine: Any, shop: Path) -> None:
    sessions = [SessionLine("chat-1", "a", "b", current=True), SessionLine("chat-0", "x", "y")]
    async with app_of(engine, shop, sessions).run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        listed = screen.query_one("#sessions")
        listed.focus()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
    assert screen.next_session == "chat-0"


async def test_it_rings_when_somebody_is_needed_and_after_a_long_turn(engine: Any, shop: Path) -> None:
    app = app_of(engine, shop)
    sent: list[str] = []
    app.alerts._write = sent.append
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        engine.tell(c.TurnEnd(message="m1", status="done", seconds=2.0))
        await settle(pilot)
        assert sent == []
        engine.tell(ASK)
        engine.tell(c.TurnEnd(message="m1", status="done", seconds=60.0))
        await settle(pilot)
        assert ["needs you" in sent[0], "done" in sent[1]] == [True, True]
        assert all("\x1b]9;" in one and one.endswith("\x07") for one in sent)
