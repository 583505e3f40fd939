import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from repowright.agent import events as e
from repowright.agent.workflows.generate.stages import STAGES
from repowright.tui.live import Frame, LiveView
from repowright.tui.view_state import ViewState

NAMES = tuple((stage.name, stage.title) for stage in STAGES)


def drawn(state: ViewState, now: float, width: int = 80, height: int = 24) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, height=height, force_terminal=True, color_system=None)
    console.print(Frame(state, now))
    return stream.getvalue()


def states(story: list[e.Event]) -> Iterator[ViewState]:
    state = ViewState.of_stages(NAMES)
    yield state
    for event in story:
        state = state.apply(event)
        yield state


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (60, 20)])
def test_every_frame_fits_the_terminal(story: list[e.Event], width: int, height: int) -> None:
    for state in states(story):
        lines = drawn(state, state.now + 3, width, height).splitlines()
        assert len(lines) < height
        assert max(map(len, lines)) <= width


def test_a_frame_shows_stage_units_progress_and_cost(story: list[e.Event]) -> None:
    state = list(states(story))[22]
    frame = drawn(state, state.now + 3)
    for words in ("A list", "m-1", "sandbox docker", "5usd", "✓ proposal", "▸ code", "1/2", "main  src/a/cli.py"):
        assert words in frame
    assert "tests 7 pass, 2 fail" in frame
    assert "3.0k tokens (2 calls, 1 reused)" in frame
    assert "about" in frame and "left" in frame
    assert "unit      verified Store" in frame


def test_names_from_a_model_are_neither_markup_nor_control_codes() -> None:
    event = e.UnitStart(unit="u", name="[red]x[/red]\x1b]0;t\x07", path="p")
    assert "[red]x[/red] ]0;t" in drawn(ViewState.of_stages(NAMES).apply(event), 1.0)


def test_the_view_follows_the_events_on_a_terminal(story: list[e.Event]) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, height=24, force_terminal=True)
    with LiveView(console, NAMES, now=lambda: 1_700_000_020.0) as view:
        for event in story:
            view(event)
    assert view.state.end is not None
    assert "unit      failed main" in stream.getvalue()
