"""The line one types in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from repowright.tui.app.mentions import Typed, at_cursor


class Prompt(TextArea):
    """Enter sends, Ctrl+S steers, Shift+Enter or Ctrl+J begins a line; what completes it is asked for by messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send or queue"),
        Binding("ctrl+s", "steer", "Steer"),
        Binding("shift+enter,ctrl+j", "newline", "New line", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """A line was sent; ``steer`` says it is for the turn under way."""

        text: str
        steer: bool

    @dataclass
    class Completing(Message):
        """What can be completed at the cursor changed; nothing when ``typed`` is ``None``."""

        typed: Typed | None

    @dataclass
    class Navigated(Message):
        """A key for the list of completions, or one that scrolls the conversation."""

        key: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(
            id=id,
            compact=True,
            highlight_cursor_line=False,
            placeholder="ask, or / for commands, @ for files, ! for the shell",
        )
        self.completing = False
        self._typed: Typed | None = None
        self._said: list[str] = []
        self._recalled = 0

    def remember(self, text: str) -> None:
        """Keep what was said for the up key."""
        if text and text not in self._said[-1:]:
            self._said.append(text)
        self._recalled = len(self._said)

    def complete(self, choice: str) -> None:
        """Put a choice where the mark and the letters after it are."""
        typed, (row, column) = self._typed, self.cursor_location
        if typed is not None:
            self.replace(f"{typed.mark}{choice} ", (row, typed.start), (row, column))

    def set_text(self, text: str) -> None:
        """Replace all that is typed, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def on_key(self, event: events.Key) -> None:
        """Give some keys to the completions or to what was said before; the rest is typed."""
        completes = self.completing and event.key in ("up", "down", "tab", "escape")
        if completes or event.key in ("pageup", "pagedown"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Navigated(event.key))
        elif event.key == "enter":
            # Not a priority binding: it would overtake letters that came in the same burst and are still queued.
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in ("up", "down") and self._recall(-1 if event.key == "up" else 1):
            event.stop()
            event.prevent_default()

    def on_text_area_changed(self) -> None:
        """Tell what can be completed now."""
        self._tell_typed()

    def on_text_area_selection_changed(self) -> None:
        """As when the text changed: the cursor is elsewhere."""
        self._tell_typed()

    def action_send(self) -> None:
        """Send what is typed, or take the completion that is chosen."""
        if self.completing:
            self.post_message(self.Navigated("enter"))
        else:
            self._submit(steer=False)

    def action_steer(self) -> None:
        """Say what is typed to the turn under way."""
        self._submit(steer=True)

    def action_newline(self) -> None:
        """Begin a line."""
        self.insert("\n")

    def _submit(self, steer: bool) -> None:
        text = self.text.strip()
        if text:
            self.remember(text)
            self.set_text("")
            self.post_message(self.Submitted(text, steer))

    def _tell_typed(self) -> None:
        row, column = self.cursor_location
        typed = at_cursor(self.document.get_line(row)[:column])
        if typed != self._typed:
            self._typed = typed
            self.post_message(self.Completing(typed))

    def _recall(self, step: int) -> bool:
        at_edge = self.cursor_at_first_line if step < 0 else self.cursor_at_last_line
        place = self._recalled + step
        if not at_edge or not 0 <= place <= len(self._said) or (self.text and self._recalled == len(self._said)):
            return False
        self._recalled = place
        self.set_text(self._said[place] if place < len(self._said) else "")
        return True
