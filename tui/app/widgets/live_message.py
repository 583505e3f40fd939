"""The reply that is being written: settled pieces are drawn once, the tail a few times a second."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from repowright.tui.app.live_text import LiveText
from repowright.tui.app.widgets.message import markdown

PAUSE = 0.2
"""Seconds between two drawings of the tail; each costs a layout of the whole screen."""


class LiveMessage(Vertical):
    """Grows by ``append``; the log puts one ``Message`` in its place when the reply is whole."""

    def __init__(self) -> None:
        super().__init__(classes="message reply live")
        self._text = LiveText()
        self._tail = Static(markup=False)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Show the place where words come."""
        yield self._tail

    def on_mount(self) -> None:
        """Show what came before this was on the screen."""
        if self._text.tail:
            self._draw()

    def append(self, fragment: str) -> None:
        """Add what came; it shows within ``PAUSE``."""
        self._text.append(fragment)
        if self._timer is None and self.is_mounted:
            self._timer = self.set_timer(PAUSE, self._draw)

    def _draw(self) -> None:
        self._timer = None
        pieces = [Static(markdown(piece), markup=False) for piece in self._text.settle()]
        if pieces:
            self.mount_all(pieces, before=self._tail)
        self._tail.update(markdown(self._text.tail))
