"""All that a screen shows, as it stands after the events so far; knows nothing of widgets."""

from __future__ import annotations

from dataclasses import replace

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.amounts import clock, money, tokens
from repowright.tui.app.costs import StageCosts
from repowright.tui.app.rewind_preview import History
from repowright.tui.app.transcript import Change, Entry, Transcript
from repowright.tui.view_state import ViewState


class Story:
    """Takes events in, one after the other.

    Parameters
    ----------
    entries
        Kept up to date with the conversation.
    stages
        Name and title of each stage to come.
    """

    def __init__(self, entries: list[Entry], stages: tuple[tuple[str, str], ...] = ()) -> None:
        self.view = ViewState.of_stages(stages)
        self.costs = StageCosts()
        self.transcript = Transcript(entries)
        self.history = History()
        self.approvals: dict[str, c.ApprovalAsk] = {}
        self.waiting: tuple[c.Waiting, ...] = ()
        self.mode: c.Mode | None = None
        self.plan = ""
        self.graph: c.GraphState | None = None
        self.context: c.ContextLevel | None = None
        self.turn: c.TurnStart | None = None
        self.turns_usd = 0.0
        self.turns_tokens = 0

    def apply(self, event: e.Event) -> list[Change]:
        """Take one event in and return what it changed in the conversation."""
        self.view = self.view.apply(event)
        self.costs(event)
        self.history(event)
        self._take(event)
        return self.transcript.apply(event)

    @property
    def ended(self) -> bool:
        """Whether the run told of its end."""
        return self.view.end is not None

    def doing(self, now: float) -> str:
        """Return what goes on, in a word or two, and for how long at a time ``now``."""
        if self.turn is not None:
            return f"working {clock(now - self.turn.ts)}"
        if self.view.end is not None:
            return self.view.end.status
        if self.view.stage is not None:
            return f"{self.view.stage.name}"
        return "ready" if self.mode is not None or self.turns_tokens else "waiting for events"

    @property
    def spent(self) -> str:
        """Tokens and money so far, and the budget."""
        usd = max(self.view.usd, self.turns_usd)
        budget = f" of {self.view.budget.limit}" if self.view.budget else ""
        used = max(self.view.tokens, self.turns_tokens)
        paid = f", {money(usd)}{budget}" if usd or budget else ""
        return f"{tokens(used)} tokens{paid}" if used or budget else ""

    @property
    def over_budget_soon(self) -> bool:
        """Whether 80 % of the budget are spent."""
        return self.view.budget is not None and self.view.budget.level != "ok"

    def _take(self, event: e.Event) -> None:
        if isinstance(event, c.ApprovalAsk):
            self.approvals[event.approval] = event
        elif isinstance(event, c.ApprovalDecided):
            self.approvals.pop(event.approval, None)
        elif isinstance(event, c.QueueChanged):
            self.waiting = tuple(event.waiting)
        elif isinstance(event, c.ModeChanged):
            self.mode = event.mode
        elif isinstance(event, c.PlanChanged):
            self.plan = event.plan
        else:
            self._take_rest(event)

    def _take_rest(self, event: e.Event) -> None:
        if isinstance(event, c.GraphState):
            self.graph = event
        elif isinstance(event, c.ContextLevel):
            self.context = event
        elif isinstance(event, c.TurnStart):
            self.turn = event
        elif isinstance(event, c.TurnEnd):
            self.turn = None
            self.turns_usd += event.usd
            self.turns_tokens += event.prompt_tokens + event.completion_tokens
        elif isinstance(event, e.RunEnd):
            self.approvals.clear()
            self.turn = None
        elif isinstance(event, e.RunStart):
            # A session that goes on after its end, or after a kill, has nothing open, whatever the log ended with.
            self.view = replace(self.view, end=None)
            self.approvals.clear()
            self.turn = None
