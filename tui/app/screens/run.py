"""The screen of a run: stages on the left, tabs on the right, all of it from events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static, TabbedContent, TabPane

from repowright.tui.app.widgets.chat_log import ChatLog
from repowright.tui.app.widgets.diff_view import DiffView
from repowright.tui.app.widgets.event_log import EventLog
from repowright.tui.app.widgets.graph_explorer import GraphExplorer
from repowright.tui.app.widgets.message import plan_drawn
from repowright.tui.app.widgets.stage_tree import StageTree
from repowright.tui.app.widgets.status_bar import StatusBar
from repowright.tui.app.widgets.tests_table import TestsTable
from repowright.tui.app.widgets.tests_view import TestsView

if TYPE_CHECKING:
    from repowright.agent.events import Event
    from repowright.tui.app.alerts import Alerts
    from repowright.tui.app.app import RepowrightApp
    from repowright.tui.app.story import Story
    from repowright.tui.app.transcript import Change, Entry

PAUSE = 0.05
"""Seconds in which events are gathered before the screen is drawn: what streams costs twenty drawings a second."""

TABS = ("chat", "graph", "diff", "tests", "log")


@dataclass(frozen=True)
class Shown:
    """What a screen is about.

    Parameters
    ----------
    title
        Shown until the first event has a better one.
    graph
        The graph to explore, once it is there.
    folder
        Where the code is; changed files are read from it.
    stages
        Name and title of each stage to come; none for a conversation.
    """

    title: str
    graph: Path | None = None
    folder: Path | None = None
    stages: tuple[tuple[str, str], ...] = ()


class RunScreen(Screen[None]):
    """Draws what ``take`` is given; the subclasses say where that comes from."""

    AUTO_FOCUS = "#chat-log"
    welcome = ""
    """Stands where the conversation will be."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "tab('chat')", "Chat", show=False),
        Binding("f3", "tab('graph')", "Graph", show=False),
        Binding("f4", "tab('diff')", "Diff", show=False),
        Binding("f5", "tab('tests')", "Tests", show=False),
        Binding("f6", "tab('log')", "Log", show=False),
        Binding("ctrl+b", "side", "Side pane"),
    ]

    class EventsCame(Message):
        """There are events to draw."""

    def __init__(self, shown: Shown, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.shown = shown
        self.now = now
        self.entries: list[Entry] = []
        self.story: Story | None = None
        self._events: deque[Event] = deque()
        self._called = False
        self._graph_time = 0.0

    def compose(self) -> ComposeResult:
        """Lay the parts out."""
        yield Static(self.shown.title, id="title", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield from self.compose_side()
            with TabbedContent(id="tabs", initial="chat"):
                with TabPane("Chat", id="chat"):
                    yield ChatLog(self.entries, self.welcome, id="chat-log")
                with TabPane("Graph", id="graph"):
                    yield GraphExplorer(id="graph-explorer")
                with TabPane("Diff", id="diff"):
                    yield DiffView(self.file_text, id="diff-view")
                with TabPane("Tests", id="tests"):
                    yield TestsView(id="tests-view")
                with TabPane("Log", id="log"):
                    yield EventLog(id="event-log")
        yield from self.compose_input()
        yield StatusBar(id="status")
        yield Footer(compact=True)

    def compose_side(self) -> ComposeResult:
        """Lay the left side out."""
        yield Static("stages", classes="heading")
        yield StageTree(id="stages")
        yield from self.compose_plan()

    def compose_plan(self) -> ComposeResult:
        """Lay out the plan of the agent; hidden while there is none."""
        yield Static("plan", classes="heading hidden", id="plan-heading")
        yield Static("", id="plan", classes="hidden")

    def compose_input(self) -> ComposeResult:
        """Lay out what one types in; nothing where there is nobody to talk to."""
        return iter(())

    def own_commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """Return title, help and act of what the palette offers here."""
        return []

    def on_mount(self) -> None:
        """Paint first; what is heavy comes after."""
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        from repowright.tui.app.story import Story

        self.story = Story(self.entries, self.shown.stages)
        self.set_interval(1.0, self._tick)
        self._tick()
        self.begin()
        if self._events:
            self.post_message(self.EventsCame())

    def begin(self) -> None:
        """Start what gives the events; called once, after the first paint."""

    def take(self, event: Event) -> None:
        """Show an event soon; safe to call from any thread."""
        self._events.append(event)
        if self.story is not None and not self._called:
            self._called = True
            self.post_message(self.EventsCame())

    def on_run_screen_events_came(self) -> None:
        """Gather what comes in the next moment, then draw it all at once."""
        self._called = True
        self.set_timer(PAUSE, self._draw)

    async def _draw(self) -> None:
        events = [self._events.popleft() for _ in range(len(self._events))]
        if self.story is not None and events:
            await self._show(self.story, events)
        self._called = bool(self._events)
        if self._called:
            self.post_message(self.EventsCame())

    async def _show(self, story: Story, events: Sequence[Event]) -> None:
        changes: list[Change] = []
        for event in events:
            changes += story.apply(event)
            self._route(event)
            self.told(event)
        await self.query_one("#chat-log", ChatLog).take(changes)
        self._tick()
        self.drawn()

    @property
    def up_to_date(self) -> bool:
        """Whether all that was taken is on the screen."""
        return self.story is not None and not self._events and not self._called

    def told(self, event: Event) -> None:
        """Do what else an event asks for; the story knows it already."""

    def drawn(self) -> None:
        """Do what is done once after several events."""
        assert self.story is not None
        for name in ("#plan-heading", "#plan"):
            self.query_one(name).set_class(not self.story.plan, "hidden")
        if self.story.plan:
            self.query_one("#plan", Static).update(plan_drawn(self.story.plan))

    def _route(self, event: Event) -> None:
        from repowright.tui.app.routing import changed_file, log_line

        assert self.story is not None
        if line := log_line(event):
            self.query_one("#event-log", EventLog).tell(event.ts - self.story.view.begun, line)
        if event.type == "sandbox.run":
            self.query_one("#tests-table", TestsTable).add_run(event)
        elif event.type == "tests.report":
            self.query_one("#tests-table", TestsTable).add_report(event)
        elif (changed := changed_file(event)) is not None:
            self.query_one("#diff-view", DiffView).add(changed)
        elif event.type == "run.start":
            self.query_one("#title", Static).update(f"{event.title} · {event.run}")
        elif event.type in ("stage.end", "graph.state", "run.end") and self.tab == "graph":
            self.load_graph()

    def _tick(self) -> None:
        """Show what changes with time alone."""
        if self.story is None:
            return
        now = self.now() if not self.story.ended else self.story.view.now
        for tree in self.query(StageTree):
            tree.show(self.story.view, self.story.costs, now)
        self.query_one("#status", StatusBar).change(
            doing=self.story.doing(now),
            spent=self.story.spent,
            warn=self.story.over_budget_soon,
            mode=self.story.mode or "",
            waiting=len(self.story.waiting),
        )

    @property
    def alerts(self) -> Alerts:
        """What tells somebody who looks elsewhere."""
        app: RepowrightApp = self.app  # type: ignore[assignment]
        return app.alerts

    @property
    def tab(self) -> str:
        """The tab that shows."""
        return self.query_one("#tabs", TabbedContent).active

    def action_tab(self, name: str) -> None:
        """Show a tab and give its content the keys."""
        self.query_one("#tabs", TabbedContent).active = name
        target = {"chat": "#chat-log", "graph": "#graph-tree", "diff": "#diff-files", "tests": "#tests-table"}
        self.query_one(target.get(name, "#event-log")).focus()

    def action_side(self) -> None:
        """Show or hide the left side."""
        self.query_one("#side").toggle_class("closed")

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Read the graph when somebody looks at it, not before."""
        if event.pane.id == "graph":
            self.load_graph()

    @property
    def graph_path(self) -> Path | None:
        """Where the graph is now."""
        told = self.story.graph.path if self.story and self.story.graph else ""
        return Path(told) if told else self.shown.graph

    @work(thread=True, exclusive=True, group="graph")
    def load_graph(self) -> None:
        """Read the graph again if it changed since the last time."""
        path = self.graph_path
        stamp = path.stat().st_mtime if path is not None and path.exists() else 0.0
        explorer = self.query_one("#graph-explorer", GraphExplorer)
        if path is None or not stamp:
            self.app.call_from_thread(explorer.say, "there is no graph yet")
            return
        if stamp == self._graph_time:
            return
        from repowright.graph.errors import GraphError
        from repowright.tui.app.graph_reading import GraphReading

        try:
            reading = GraphReading.open(path, self.shown.folder)
        except GraphError as err:
            self.app.call_from_thread(explorer.say, str(err))
            return
        self._graph_time = stamp
        self.app.call_from_thread(explorer.show, reading)
        self.app.call_from_thread(self.graph_came)

    def graph_came(self) -> None:
        """Do what a graph makes possible."""

    def on_graph_explorer_code_asked(self, event: GraphExplorer.CodeAsked) -> None:
        """Open an editor, while the app steps aside."""
        from repowright.tui.app.editor import open_editor

        if self.shown.folder is not None:
            with self.app.suspend():
                problem = open_editor(self.shown.folder / event.path, event.line)
            if problem:
                self.notify(problem, severity="warning")

    def file_text(self, path: str) -> str:
        """Return the text of a file as it stands, at most a megabyte of it."""
        place = Path(path) if self.shown.folder is None else self.shown.folder / path
        try:
            return place.read_bytes()[:1_000_000].decode(errors="replace")
        except OSError:
            return f"{path} cannot be read any more"
