"""The screen of a conversation: a run's screen with somebody to talk to."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static, TextArea

from repowright.tui.app.mentions import Mentions, files_below
from repowright.tui.app.screens.chat_acts import act
from repowright.tui.app.screens.rewind import RewindScreen, Wish
from repowright.tui.app.screens.run import RunScreen, Shown
from repowright.tui.app.slash import COMMANDS, Said, completions, parsed
from repowright.tui.app.widgets.approval_panel import ApprovalPanel
from repowright.tui.app.widgets.chat_log import ChatLog
from repowright.tui.app.widgets.graph_explorer import GraphExplorer
from repowright.tui.app.widgets.message import harmless
from repowright.tui.app.widgets.prompt import Prompt
from repowright.tui.app.widgets.session_list import SessionLine, SessionList
from repowright.tui.app.widgets.stage_tree import StageTree
from repowright.tui.app.widgets.status_bar import StatusBar
from repowright.tui.app.widgets.suggestions import Suggestions

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine
    from repowright.agent.chat.events import Mode
    from repowright.agent.events import Event

TWICE = 0.8
"""Seconds within which a second Esc cancels."""

WELCOME = """\
Ask about this folder, or say what to change.

@  names a file or a node of the graph
/  lists the commands
!  runs a command in the sandbox

Enter sends, or queues while it works. Ctrl+S speaks to the turn under way.
Esc stops after the step, Esc Esc at once. F1 lists the keys."""

MakeEngine = Callable[[], Awaitable["Engine"]]
ListSessions = Callable[[str], list[SessionLine]]
MODES: tuple[Mode, ...] = ("plan", "ask", "auto-edit", "auto")


class ChatScreen(RunScreen):
    """Sends what is typed to an engine and shows what it tells.

    Parameters
    ----------
    make_engine
        Makes the engine; called after the first paint, since importing it takes long.
    list_sessions
        Returns the sessions of the folder, given the id of this one.
    first
        Said at once, if anything.
    """

    AUTO_FOCUS = "#prompt"
    welcome = WELCOME
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop, twice: cancel"),
        Binding("f7", "focus_prompt", "Input", show=False),
        Binding("f8", "rewind", "Rewind", show=False),
        Binding("shift+tab", "next_mode", "Mode"),
    ]

    def __init__(
        self,
        shown: Shown,
        make_engine: MakeEngine,
        list_sessions: ListSessions = lambda _: [],
        first: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(shown, now)
        self._make_engine = make_engine
        self._list_sessions = list_sessions
        self._first = first
        self._mentions = Mentions()
        self._engine: Engine | None = None
        self._early: list[tuple[str, bool]] = []
        self._stopped_at = 0.0
        self._turn_began = 0.0
        self._opened = 0.0
        self.next_session = ""

    def compose_side(self) -> ComposeResult:
        """Sessions above; the stages of a workflow the agent runs, and its plan, below."""
        yield Static("sessions", classes="heading")
        yield SessionList(id="sessions")
        tree = StageTree(id="stages")
        tree.add_class("hidden", "below")
        yield tree
        yield from self.compose_plan()

    def compose_input(self) -> ComposeResult:
        """What waits, completions, and the line one types in."""
        yield Static("", id="queue", classes="hidden", markup=False)
        yield Suggestions(id="suggestions")
        yield Prompt(id="prompt")

    def begin(self) -> None:
        """Open the session, and look what files there are."""
        self._start_engine()
        self._find_files()

    @work(group="engine")
    async def _start_engine(self) -> None:
        from repowright.agent.errors import AgentError
        from repowright.agent.events import Failure
        from repowright.executors.sandbox import SandboxError
        from repowright.tui.app.processes import let_processes_begin

        let_processes_begin()
        try:
            engine = await self._make_engine()
            self._opened = self.now()
            engine.subscribe(self.take)
            await engine.start()
        except (AgentError, SandboxError) as err:
            self.take(Failure(error=type(err).__name__, message=str(err), ts=self.now()))
            return
        self._engine = engine
        self._show_sessions(engine.session)
        early, self._early = self._early, []
        for text, steer in [(self._first, False), *early]:
            if text:
                self._submit(text, steer)

    async def on_unmount(self) -> None:
        """Let the session go, with everything stored."""
        if self._engine is not None:
            await self._engine.close()

    @work(thread=True, group="files")
    def _find_files(self) -> None:
        if self.shown.folder is not None:
            self._mentions.take_files(files_below(self.shown.folder))

    @work(thread=True, group="sessions")
    def _show_sessions(self, current: str) -> None:
        lines = self._list_sessions(current)
        self.app.call_from_thread(self._sessions_came, lines)

    def _sessions_came(self, lines: list[SessionLine]) -> None:
        self.query_one("#sessions", SessionList).show(lines)
        title = next((line.title for line in lines if line.current), "")
        if title:
            self.query_one("#title", Static).update(f"{self.shown.title} · {harmless(title)}")

    def graph_came(self) -> None:
        """Offer the graph's nodes for ``@``."""
        reading = self.query_one("#graph-explorer", GraphExplorer).reading
        if reading is not None:
            self._mentions.take_nodes(reading.labels())

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        command = parsed(event.text)
        if command is not None:
            self._obey(command.name, command.argument)
        elif self._engine is None:
            self._early.append((event.text, event.steer))
        else:
            self._submit(event.text, event.steer)

    def _submit(self, text: str, steer: bool) -> None:
        assert self._engine is not None
        if text.startswith("!"):
            self.ask_engine(self._engine.shell(text[1:].strip()))
        else:
            self.ask_engine(self._engine.steer(text) if steer else self._engine.send(text))
        self.call_later(self.query_one("#chat-log", ChatLog).action_follow)

    @work(group="commands")
    async def ask_engine(self, asked: Coroutine[object, object, object]) -> None:
        """Wait for a command of the engine; what it refuses is told."""
        from repowright.agent.errors import AgentError

        try:
            told = await asked
        except AgentError as err:
            self._say_problem(err)
            return
        if isinstance(told, str) and told:
            self.notify(f"copied into {told}")
            self._show_sessions(self._engine.session if self._engine else "")

    def _say_problem(self, err: Exception) -> None:
        self.notify(str(err), severity="error", timeout=20, markup=False)

    @on(Prompt.Completing)
    def _completing(self, event: Prompt.Completing) -> None:
        typed = event.typed
        choices: list[tuple[str, str]] = []
        if typed is not None and typed.mark == "@":
            choices = [(name, "") for name in self._mentions.best(typed.query)]
        elif typed is not None:
            choices = [(command.name, command.help) for command in completions(typed.query)]
        self._offer([(name, what) for name, what in choices if typed is None or name != typed.query])

    def _offer(self, choices: list[tuple[str, str]]) -> None:
        self.query_one(Suggestions).offer(choices)
        self.query_one(Prompt).completing = bool(choices)

    @on(Prompt.Navigated)
    def _navigated(self, event: Prompt.Navigated) -> None:
        log = self.query_one("#chat-log", ChatLog)
        if event.key == "pageup":
            log.scroll_page_up(animate=False)
            return
        if event.key == "pagedown":
            log.scroll_page_down(animate=False)
            return
        self.query_one(Suggestions).press(event.key)
        self.query_one(Prompt).completing = self.query_one(Suggestions).display

    @on(Suggestions.Chosen)
    def _chosen(self, event: Suggestions.Chosen) -> None:
        self.query_one(Prompt).completing = False
        self.query_one(Prompt).complete(event.choice)

    @on(GraphExplorer.Mentioned)
    def _mentioned(self, event: GraphExplorer.Mentioned) -> None:
        self.action_focus_prompt()
        self.query_one(Prompt).insert(f"@{event.label} ")

    @on(SessionList.Wanted)
    def _session_wanted(self, event: SessionList.Wanted) -> None:
        self.next_session = event.session
        self.app.exit(0)

    @on(ApprovalPanel.Decided)
    def _decided(self, event: ApprovalPanel.Decided) -> None:
        if self._engine is not None:
            self.ask_engine(self._engine.decide(event.approval, event.decision, event.reason))

    def told(self, event: Event) -> None:
        """Ring where somebody is needed; put a message's words back after a rewind."""
        live = event.ts >= self._opened
        if event.type == "chat.user" and live and self._engine is not None:
            self._show_sessions(self._engine.session)
        if event.type == "turn.start":
            self._turn_began = event.ts
        elif event.type == "turn.end" and live:
            self.alerts.done(event.status, event.seconds or event.ts - self._turn_began)
        elif event.type == "approval.ask" and live:
            self.alerts.needs_you(event.title)
        elif event.type == "rewind" and live and event.text and not self.query_one(Prompt).text:
            self.query_one(Prompt).set_text(event.text)
        elif event.type == "graph.state" and event.state == "ready":
            self.load_graph()

    def drawn(self) -> None:
        """Show what waits: approvals, the queue, the plan."""
        super().drawn()
        assert self.story is not None
        self._show_approval()
        queue = self.query_one("#queue", Static)
        queue.update("\n".join(f"waits ({each.how}): {harmless(each.text)[:200]}" for each in self.story.waiting))
        queue.set_class(not self.story.waiting, "hidden")
        self.query_one("#stages").set_class(not self.story.view.stages, "hidden")
        graph, context = self.story.graph, self.story.context
        full = f"context {context.tokens / max(context.window, 1):.0%}" if context else ""
        self.query_one("#status", StatusBar).change(
            needs_you=bool(self.story.approvals), graph=f"graph {graph.state}" if graph else "", context=full
        )

    def _show_approval(self) -> None:
        assert self.story is not None
        wanted = next(iter(self.story.approvals.values()), None)
        shown = next(iter(self.query(ApprovalPanel)), None)
        if shown is not None and (wanted is None or shown.ask.approval != wanted.approval):
            shown.remove()
            shown = None
            self.action_focus_prompt()
        if wanted is not None and shown is None:
            self.mount(ApprovalPanel(wanted), before="#queue")

    def action_tab(self, name: str) -> None:
        """Show a tab; beside the conversation one types."""
        super().action_tab(name)
        if name == "chat":
            self.action_focus_prompt()

    def action_focus_prompt(self) -> None:
        """Go to the input line."""
        self.query_one("#prompt", TextArea).focus()

    def action_stop(self) -> None:
        """Finish the step under way and stop; twice within a moment cancels it."""
        if self._engine is None:
            return
        now = time.monotonic()
        twice, self._stopped_at = now - self._stopped_at < TWICE, now
        self.ask_engine(self._engine.cancel() if twice else self._engine.drain())
        self.action_focus_prompt()

    def action_next_mode(self) -> None:
        """Go on to the next mode."""
        mode = self.story.mode if self.story is not None and self.story.mode else "ask"
        self.set_mode(MODES[(MODES.index(mode) + 1) % len(MODES)])

    def set_mode(self, mode: str) -> None:
        """Change what the agent may do unasked."""
        if mode not in MODES:
            self.notify(f"the modes are {', '.join(MODES)}", severity="warning")
        elif self._engine is not None:
            self.ask_engine(self._engine.set_mode(mode))

    def action_rewind(self) -> None:
        """Ask where to go back to."""
        if self.story is not None and (messages := self.story.transcript.message_ids()):
            self.app.push_screen(RewindScreen(messages, self.story.history.since), self._rewind)

    def _rewind(self, wish: Wish | None) -> None:
        if wish is not None and self._engine is not None:
            self.ask_engine(self._engine.rewind(wish.message, wish.what))

    def own_commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """Offer the slash commands in the palette too."""
        return [(f"/{each.name}", each.help, partial(self._obey, each.name, "")) for each in COMMANDS]

    def _obey(self, name: str, argument: str) -> None:
        if not act(self, self._engine, Said(name, argument)):
            self.notify(f"there is no command /{name}; /help lists them", severity="warning", markup=False)
