"""Going back: to which message, and what of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from repowright.tui.app.widgets.diff_view import coloured
from repowright.tui.app.widgets.message import harmless

if TYPE_CHECKING:
    from repowright.agent.chat.events import RewindWhat
    from repowright.tui.app.rewind_preview import Preview

_WHAT: tuple[tuple[RewindWhat, str], ...] = (
    ("both", "code and conversation"),
    ("conversation", "the conversation only; files stay as they are"),
    ("code", "the code only; what was said stays"),
)


@dataclass(frozen=True)
class Wish:
    """Back to before a message of the user."""

    message: str
    what: RewindWhat


class RewindScreen(ModalScreen[Wish | None]):
    """Asks for the message, then for what; your own later edits are never touched.

    Parameters
    ----------
    messages
        Id and words, the newest first.
    since
        Returns what lies after a message.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]

    def __init__(self, messages: Sequence[tuple[str, str]], since: Callable[[str], Preview]) -> None:
        super().__init__()
        self._since = since
        self._messages = messages
        self._message = ""

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(id="rewind"):
            yield Static("go back to before which message?", id="rewind-question", markup=False)
            yield OptionList(*self._choices(), id="rewind-choices", markup=False)
            yield Static("", id="rewind-words", markup=False)
            with VerticalScroll(id="rewind-scroll"):
                yield Static("", id="rewind-diff", markup=False)

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one(OptionList).focus()

    def action_back(self) -> None:
        """Go one question back, or leave things as they are."""
        if not self._message:
            self.dismiss(None)
            return
        self._message = ""
        self._ask("go back to before which message?", self._choices())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if not self._message:
            self._message = event.option_id or ""
            whats = [Option(Text.assemble(f"{what}  ", (words, "dim")), id=what) for what, words in _WHAT]
            self._ask(f"set back to before {self._message}; your own later edits stay", whats)
        else:
            self.dismiss(Wish(self._message, _WHAT[event.option_index][0]))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        what: RewindWhat = _WHAT[event.option_index][0] if self._message else "both"
        preview = self._since(self._message or event.option_id or "")
        said = preview.said if what != "code" else "all that was said stays"
        files = preview.files if what != "conversation" else "files stay as they are"
        self.query_one("#rewind-words", Static).update(harmless(f"{said}\n{files}"))
        diff = preview.diff if what != "conversation" else ""
        self.query_one("#rewind-scroll").set_class(not diff, "hidden")
        self.query_one("#rewind-diff", Static).update(coloured(diff))

    def _choices(self) -> list[Option]:
        return [
            Option(Text.assemble((f"{name:<5}", "dim"), harmless(words).split("\n")[0][:200]), id=name)
            for name, words in self._messages
        ]

    def _ask(self, question: str, options: list[Option]) -> None:
        self.query_one("#rewind-question", Static).update(question)
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options(options)
        choices.highlighted = 0
