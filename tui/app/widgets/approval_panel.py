"""What the agent may not do unasked, and the four answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from repowright.tui.app.widgets.diff_view import coloured
from repowright.tui.app.widgets.message import harmless

if TYPE_CHECKING:
    from repowright.agent.chat.events import ApprovalAsk, Choice


class ApprovalPanel(Vertical):
    """Asks one question; what ``session`` and ``always`` would keep is shown before it is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide('once')", "Once"),
        Binding("s", "decide('session')", "Session"),
        Binding("a", "decide('always')", "Always"),
        Binding("n", "refuse", "Deny"),
    ]

    @dataclass
    class Decided(Message):
        """An answer was given."""

        approval: str
        decision: Choice
        reason: str = ""

    def __init__(self, ask: ApprovalAsk) -> None:
        super().__init__(classes="approval")
        self.ask = ask
        self.border_title = f"{ask.tool} needs your word"

    def compose(self) -> ComposeResult:
        """Lay question, detail and answers out."""
        ask = self.ask
        why = f"  {harmless(ask.reason)}" if ask.reason else ""
        yield Static(Text.assemble((harmless(ask.title), "bold"), (why, "dim")), classes="question")
        if ask.detail:
            with VerticalScroll(classes="detail", can_focus=False):
                yield Static(coloured(ask.detail), markup=False)
        yield OptionList(*map(_option, _answers(ask.scope)), id="answers", markup=False)
        yield Input(placeholder="why not? Enter refuses, Esc goes back", id="reason", classes="hidden", compact=True)

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one("#answers", OptionList).focus()

    def action_decide(self, decision: Choice) -> None:
        """Give an answer, unless rules would be kept and there are none."""
        if decision in ("once", "deny") or self.ask.scope:
            self.post_message(self.Decided(self.ask.approval, decision))

    def action_refuse(self) -> None:
        """Ask for a reason, or go back to the answers when it is asked for already."""
        reason = self.query_one("#reason", Input)
        hidden = not reason.has_class("hidden")
        reason.set_class(hidden, "hidden")
        (self.query_one("#answers", OptionList) if hidden else reason).focus()

    def on_key(self, event: events.Key) -> None:
        """Let Esc leave the reason; on the answers it stops the turn, as everywhere."""
        if event.key == "escape" and not self.query_one("#reason").has_class("hidden"):
            event.stop()
            event.prevent_default()
            self.action_refuse()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        decision = _answers(self.ask.scope)[event.option_index].decision
        if decision == "deny":
            self.action_refuse()
        else:
            self.post_message(self.Decided(self.ask.approval, decision))

    @on(Input.Submitted)
    def _refused(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Decided(self.ask.approval, "deny", event.value.strip()))


class _Answer(NamedTuple):
    key: str
    decision: Choice
    words: str
    kept: str


def _answers(scope: list[str]) -> list[_Answer]:
    kept = "; ".join(scope)
    sticking = [_Answer("s", "session", "for this session", kept), _Answer("a", "always", "always here", kept)]
    refusal = _Answer("n", "deny", "no", "with a reason, if you like")
    return [_Answer("y", "once", "once", ""), *(sticking if scope else []), refusal]


def _option(answer: _Answer) -> Option:
    said = f"  {harmless(answer.kept)}" if answer.kept else ""
    return Option(Text.assemble((f"{answer.key} ", "bold"), answer.words, (said, "dim"), overflow="ellipsis"))
