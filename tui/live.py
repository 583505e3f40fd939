"""The live view of a run, drawn from its events alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from repowright.agent.events import Event
from repowright.tui.amounts import clock, count, duration, money, printable, tokens
from repowright.tui.view_state import StageView, ViewState

_MARKS = {"pending": ("·", "dim"), "running": ("▸", "bold cyan"), "done": ("✓", "green")}
_UNITS_SHOWN = 6


class LiveView:
    """A subscriber that keeps the terminal showing where the run is.

    Parameters
    ----------
    stages
        Name and title of every stage to come.
    now
        Seconds since the epoch.
    """

    def __init__(
        self, console: Console, stages: Iterable[tuple[str, str]], now: Callable[[], float] = time.time
    ) -> None:
        self.state = ViewState.of_stages(tuple(stages))
        self._now = now
        self._live = Live(
            console=console,
            get_renderable=self._frame,
            refresh_per_second=4,
            transient=False,
            vertical_overflow="crop",
        )

    def __call__(self, event: Event) -> None:
        # The state is replaced, never changed, so the thread that draws always sees a whole one.
        self.state = self.state.apply(event)

    def __enter__(self) -> LiveView:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def _frame(self) -> RenderableType:
        return Frame(self.state, self._now())


class Frame:
    """One picture of a state at a time ``now``, never taller than the terminal."""

    def __init__(self, state: ViewState, now: float) -> None:
        self._state = state
        self._now = now

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        top: list[RenderableType] = [*_header(self._state), Rule(style="dim"), self._middle()]
        bottom: list[RenderableType] = [*self._meters(), Rule(style="dim")]
        used = 3 + max(len(self._state.stages), 1) + len(bottom)
        room = max(0, (options.height or console.height) - used - 1)
        yield Group(*top, *bottom, *self._recent(min(room, 8)))

    def _middle(self) -> Table:
        grid = Table.grid(padding=(0, 3), expand=True)
        grid.add_column(no_wrap=True, width=32)
        grid.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
        left = [_stage_row(stage, self._now) for stage in self._state.stages]
        right = self._unit_rows()
        for place in range(max(len(left), len(right))):
            grid.add_row(left[place] if place < len(left) else Text(), right[place] if place < len(right) else Text())
        return grid

    def _unit_rows(self) -> list[Text]:
        running = self._state.running
        rows = [
            _line(
                (printable(unit.name), ""),
                (f"  {printable(unit.path)}", "dim"),
                (f"  {clock(self._now - unit.started)}", "dim"),
            )
            for unit in running[:_UNITS_SHOWN]
        ]
        if len(running) > _UNITS_SHOWN:
            rows.append(_line((f"and {len(running) - _UNITS_SHOWN} more", "dim")))
        if not rows and self._state.waiting:
            rows.append(_line((f"waiting for {count(self._state.waiting, 'answer')}", "dim")))
        return [_line(("at work", "bold")), *rows] if rows else []

    def _meters(self) -> list[RenderableType]:
        state = self._state
        stage = state.stage
        done, total = (stage.done, stage.total) if stage else (0, 0)
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(no_wrap=True, width=20)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True, justify="right", width=20)
        label = f"{stage.name} {done}/{total}" if stage and total else (stage.name if stage else "")
        bar = ProgressBar(total=max(total, 1), completed=done, complete_style="cyan", finished_style="green")
        grid.add_row(Text(label), bar, Text(self._time_left(), style="dim"))
        return [grid, self._figures()]

    def _time_left(self) -> str:
        left = self._state.seconds_left(self._now)
        return f"about {duration(left)} left" if left is not None else ""

    def _figures(self) -> Text:
        state = self._state
        reused = f", {state.reused} reused" if state.reused else ""
        failed = "red" if state.failed else "dim"
        spent = f" of {state.budget.limit}" if state.budget else ""
        return _line(
            (f"tests {state.passed} pass", "green" if state.passed else "dim"),
            (f", {state.failed} fail", failed),
            (f"   {tokens(state.tokens)} tokens", ""),
            (f" ({count(state.calls, 'call')}{reused})", "dim"),
            (
                f"   {money(state.usd)}{spent}",
                "yellow" if state.budget and state.budget.level != "ok" else "",
            ),
            (f"   {clock(self._now - state.begun) if state.begun else '0:00'}", "dim"),
        )

    def _recent(self, room: int) -> list[Text]:
        lines = self._state.recent[len(self._state.recent) - min(room, len(self._state.recent)) :]
        begun = self._state.begun
        return [_line((f"{clock(ts - begun):>7}  ", "dim"), (line, "")) for ts, line in lines]


def _header(state: ViewState) -> list[Text]:
    start = state.start
    if start is None:
        return [_line(("repowright", "bold")), _line(("starting", "dim"))]
    how = {"live": "", "replay": "replayed"}[start.source]
    parts = [start.run, start.model, start.endpoint, f"sandbox {start.sandbox}", start.budget, how]
    facts = " · ".join(printable(part) for part in parts if part)
    return [_line((printable(start.title), "bold")), _line((facts, "dim"))]


def _stage_row(stage: StageView, now: float) -> Text:
    mark, style = _MARKS[stage.state]
    seconds = now - stage.started if stage.state == "running" else stage.seconds
    time_taken = duration(max(0.0, seconds)) if seconds is not None else ""
    progress = f"{stage.done}/{stage.total}" if stage.state == "running" and stage.total else ""
    name_style = {"pending": "dim", "running": "bold", "done": ""}[stage.state]
    return _line(
        (f"{mark} ", style),
        (f"{stage.name:<13}", name_style),
        (f"{progress:>7}", ""),
        (f"{time_taken:>9}", "dim"),
    )


def _line(*parts: tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis", end="\n")
