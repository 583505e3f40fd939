from pathlib import Path

import pytest
from screens import same_picture, words
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList, RichLog, Static, Tree

from repowright.agent import events as e
from repowright.agent.run import Run
from repowright.tui.app.app import RepowrightApp
from repowright.tui.app.attach import replay_screen, watch_screen
from repowright.tui.app.screens.run import RunScreen, Shown
from repowright.tui.app.screens.watch import ReplayScreen
from repowright.tui.app.widgets.chat_log import MOST, ChatLog
from repowright.tui.app.widgets.graph_explorer import GraphExplorer

WIDE, SMALL = (110, 32), (80, 24)


async def settle(pilot: Pilot[int]) -> RunScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, RunScreen)
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
        quiet = quiet + 1 if screen.up_to_date else 0
    return screen


@pytest.fixture
def log_of(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def written(path: Path, events: list[e.Event]) -> Path:
    path.write_text("".join(f"{event.model_dump_json()}\n" for event in events), encoding="utf-8")
    return path


def app_of(path: Path, shown: Shown | None = None) -> RepowrightApp:
    return RepowrightApp(lambda: ReplayScreen(shown or Shown("a run"), path, speed=0))


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_replayed_generation_fills_every_tab(told_run: Run, size: tuple[int, int], tmp_path: Path) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=size) as pilot:
        screen = await settle(pilot)
        labels = [str(node.label) for node in screen.query_one("#stages", Tree).root.children]
        assert len(labels) == 10 and labels[0].startswith("✓ proposal") and "$0.02" in labels[0]
        assert screen.query_one("#tests-table", DataTable).row_count == 3
        assert screen.query_one("#diff-files", OptionList).option_count == 1
        assert "A list" in words(app)
        assert await same_picture(pilot, f"replay-{size[0]}x{size[1]}", tmp_path)
        await pilot.press("f6")
        await settle(pilot)
        assert len(screen.query_one("#event-log", RichLog).lines) > 20


async def test_keys_go_to_every_tab(told_run: Run) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        for key, name in (("f3", "graph"), ("f4", "diff"), ("f5", "tests"), ("f6", "log"), ("f2", "chat")):
            await pilot.press(key)
            await pilot.pause()
            assert screen.tab == name


async def test_the_side_pane_closes_and_opens(told_run: Run) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        await pilot.press("ctrl+b")
        assert not screen.query_one("#side").display
        await pilot.press("ctrl+b")
        assert screen.query_one("#side").display


async def test_a_paused_replay_says_so_and_goes_on(told_run: Run) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 1.0))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause(0.3)
        await pilot.press("space")
        for _ in range(100):
            await pilot.pause(0.1)
            if "replay paused" in words(app):
                break
        assert "replay paused" in words(app)
        await pilot.press("e")
        await settle(pilot)
        assert "replay over" in words(app)


async def test_a_run_that_died_is_watched_to_its_last_event(told_run: Run) -> None:
    app = RepowrightApp(lambda: watch_screen(told_run))
    async with app.run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        assert screen.story is not None and screen.story.ended


async def test_a_recorded_conversation_shows_what_was_said(
    log_of: Path, chat_events: list[e.Event], tmp_path: Path
) -> None:
    app = app_of(written(log_of, chat_events))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        shown = words(app)
        assert "why is the total wrong?" in shown and "total returns 0." in shown and "✓ edit shop/cart.py" in shown
        assert await same_picture(pilot, "conversation-110x32", tmp_path)
        await pilot.press("f4")
        await settle(pilot)
        assert "+    return sum(prices)" in words(app)
        assert await same_picture(pilot, "diff-110x32", tmp_path)


async def test_a_long_conversation_is_mounted_in_part_and_reached_whole(log_of: Path) -> None:
    events: list[e.Event] = [e.Warning(message=f"number {number}", ts=1.0) for number in range(1_000)]
    app = app_of(written(log_of, events))
    async with app.run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        log = screen.query_one(ChatLog)
        assert log.last == 1_000 and log.last - log.first <= MOST
        assert "number 999" in words(app)
        log.focus()
        while log.first > 0:
            first = log.first
            await pilot.press("home")
            await pilot.pause()
            await pilot.press("home")
            await pilot.pause()
            assert log.first < first and log.last - log.first <= MOST
        await pilot.press("home")
        await pilot.pause()
        assert "number 0" in words(app) and "number 999" not in words(app)
        await pilot.press("end")
        await pilot.pause()
        await pilot.pause()
        assert "number 999" in words(app)


async def test_it_does_not_follow_while_somebody_reads_above(log_of: Path) -> None:
    log_of.touch()
    app = app_of(log_of)
    async with app.run_test(size=SMALL) as pilot:
        screen = await settle(pilot)
        for number in range(60):
            screen.take(e.Warning(message=f"number {number}", ts=1.0))
        await settle(pilot)
        log = screen.query_one(ChatLog)
        log.focus()
        await pilot.press("pageup")
        await pilot.pause(0.4)
        before = log.scroll_y
        screen.take(e.Warning(message="new", ts=1.0))
        await settle(pilot)
        assert log.scroll_y == before and log.scroll_y < log.max_scroll_y


async def test_the_graph_is_searched_walked_and_read(log_of: Path, shop: Path, tmp_path: Path) -> None:
    log_of.touch()
    app = app_of(log_of, Shown("shop", shop / "graph.json", shop))
    async with app.run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("slash", *"prices")
        await pilot.press("enter")
        await settle(pilot)
        explorer = screen.query_one(GraphExplorer)
        assert "shop/cart.py:total" in words(app)
        assert "return sum(prices)" in words(app)
        near = explorer.query_one("#graph-near", OptionList)
        assert near.option_count == 1
        near.focus()
        near.highlighted = 0
        await pilot.press("enter")
        await settle(pilot)
        assert "total([])" in words(app)
        assert await same_picture(pilot, "graph-110x32", tmp_path)


async def test_a_run_without_a_graph_says_so(log_of: Path, tmp_path: Path) -> None:
    log_of.touch()
    app = app_of(log_of, Shown("shop", tmp_path / "graph.json"))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert "there is no graph yet" in words(app)


async def test_an_altered_log_is_told_and_nothing_breaks(log_of: Path) -> None:
    log_of.write_text("{}\n", encoding="utf-8")
    app = app_of(log_of)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settle(pilot)
        assert "is not an event" in words(app)


async def test_text_of_a_model_drives_nothing(log_of: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J[bold]x[/bold] \u202eabc"
    app = app_of(
        written(log_of, [e.Warning(message=hostile, ts=1.0), e.Decision(stage="s", subject=hostile, what="w", why="y")])
    )
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        shown = words(app)
        assert "\x1b" not in shown and "\u202e" not in shown and "[bold]x[/bold]" in shown


async def test_without_colour_the_screen_still_tells_apart(told_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.no_color
        assert "✓ proposal" in words(app)


async def test_the_palette_finds_the_tabs(told_run: Run) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"show log")
        await pilot.pause(0.6)
        await pilot.press("enter")
        await settle(pilot)
        assert screen.tab == "log"


def test_a_theme_is_taken_and_an_unknown_one_left(told_run: Run) -> None:
    assert RepowrightApp(lambda: replay_screen(told_run, 0), "nord").theme == "nord"
    assert RepowrightApp(lambda: replay_screen(told_run, 0), "none such").theme == "textual-dark"


async def test_the_title_tells_the_run(told_run: Run) -> None:
    app = RepowrightApp(lambda: replay_screen(told_run, 0))
    async with app.run_test(size=WIDE) as pilot:
        screen = await settle(pilot)
        assert "A list" in str(screen.query_one("#title", Static).content)
