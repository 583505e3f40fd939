"""The conversation as it scrolls: a window of it is mounted, and it follows only while it is at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from repowright.tui.app.widgets.live_message import LiveMessage
from repowright.tui.app.widgets.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repowright.tui.app.transcript import Change, Entry

MOUNTED = 120
"""Entries mounted while it follows; a key press costs in proportion."""
OPENED = 40
"""Entries mounted when a session is opened; mounting is what makes opening slow."""
MOST = 200
"""Entries mounted at most, while somebody reads earlier ones."""
FEW = 3
"""Entries that a session tells before anybody said something; the welcome stands above them."""
STEP = 40
"""Entries that come in, or go, at a time."""


class ChatLog(VerticalScroll):
    """Shows the entries of a transcript; ``take`` brings it up to date after changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("end", "follow", "Newest", show=False),
        Binding("home", "oldest", "Oldest", show=False),
    ]

    def __init__(self, entries: Sequence[Entry], welcome: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries = entries
        self._first = 0
        self._known = 0
        self._shown: list[Message | LiveMessage] = []
        self._welcome = Static(welcome, classes="welcome", markup=False)
        self._earlier = Static(classes="edge", markup=False)
        self._later = Static(classes="edge", markup=False)

    @property
    def first(self) -> int:
        """Place of the first mounted entry."""
        return self._first

    @property
    def last(self) -> int:
        """Place after the last mounted entry."""
        return self._first + len(self._shown)

    def on_mount(self) -> None:
        """Keep to the bottom until somebody scrolls up."""
        self.mount(self._welcome, self._earlier, self._later)
        self._edges()
        self.anchor()

    async def take(self, changes: Sequence[Change]) -> None:
        """Show what changed; entries outside the window cost nothing."""
        cut = min((change.place for change in changes if change.what == "cut"), default=None)
        if cut is not None:
            await self._drop_from(cut)
        for change in changes:
            if change.what in ("set", "grow") and self._first <= change.place < self.last:
                await self._redraw(change)
        was_at_end = self.last >= min(self._known, len(self._entries))
        self._known = len(self._entries)
        roomy = self._is_at_bottom or self._known - self._first <= MOST
        if was_at_end and roomy and self.last < self._known:
            await self._extend()
        self._edges()

    @property
    def _is_at_bottom(self) -> bool:
        # An anchored widget with little in it has a negative offset, which is no place somebody scrolled to.
        return self.max_scroll_y == 0 or self.scroll_offset.y >= self.max_scroll_y

    async def _extend(self) -> None:
        """Mount what came at the end, and drop as much at the start once there is too much."""
        start = max(self.last, len(self._entries) - (MOUNTED if self._shown else OPENED))
        if start > self.last:
            await self._drop_all(start)
        fresh = [_widget(entry) for entry in self._entries[start:]]
        self._shown += fresh
        await self.mount_all(fresh, before=self._later)
        if len(self._shown) > MOUNTED + STEP and self._is_at_bottom:
            await self._drop_first(len(self._shown) - MOUNTED)

    async def _redraw(self, change: Change) -> None:
        place = change.place - self._first
        widget, entry = self._shown[place], self._entries[change.place]
        if isinstance(widget, Message):
            widget.show(entry)
        elif entry.live:
            widget.append(change.text)
        else:
            whole = Message(entry)
            self._shown[place] = whole
            await self.mount(whole, after=widget)
            await widget.remove()

    async def action_oldest(self) -> None:
        """Scroll to the top, and bring earlier entries in when it is there already."""
        if self.scroll_y <= 1:
            await self.show_earlier()
        self.scroll_home(animate=False)

    async def action_follow(self) -> None:
        """Go to the newest entry and stay there."""
        if self.last < len(self._entries):
            await self._drop_all(max(0, len(self._entries) - MOUNTED))
            await self._extend()
            self._edges()
        self.anchor()

    async def show_earlier(self) -> None:
        """Mount entries from before the window; the newest ones make room when there are too many."""
        start = max(0, self._first - STEP)
        fresh = [_widget(entry) for entry in self._entries[start : self._first]]
        if not fresh:
            return
        anchor = self._shown[0] if self._shown else self._later
        await self.mount_all(fresh, before=anchor)
        self._first, self._shown = start, [*fresh, *self._shown]
        surplus = self._shown[MOST:]
        self._shown = self._shown[:MOST]
        await self._remove(surplus)
        self._edges()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Bring earlier entries in when the top is reached."""
        super().watch_scroll_y(old_value, new_value)
        if new_value <= 0 < old_value and self._first > 0:
            self.call_later(self._reached_top)

    async def _reached_top(self) -> None:
        seen = self._shown[0]
        await self.show_earlier()
        self.call_after_refresh(self.scroll_to_widget, seen, animate=False, top=True)

    async def _drop_from(self, place: int) -> None:
        keep = max(0, place - self._first)
        gone, self._shown = self._shown[keep:], self._shown[:keep]
        self._first = min(self._first, place)
        await self._remove(gone)

    async def _drop_first(self, number: int) -> None:
        gone, self._shown = self._shown[:number], self._shown[number:]
        self._first += number
        await self._remove(gone)

    async def _drop_all(self, first: int) -> None:
        gone, self._shown, self._first = self._shown, [], first
        await self._remove(gone)

    async def _remove(self, widgets: Sequence[Widget]) -> None:
        if widgets:
            await self.remove_children(widgets)

    def _edges(self) -> None:
        self._welcome.display = self._known <= FEW and all(entry.kind == "note" for entry in self._entries)
        after = len(self._entries) - self.last
        self._earlier.display, self._later.display = self._first > 0, after > 0
        self._earlier.update(f"{self._first:,} earlier, scroll up or press Home")
        self._later.update(f"{after:,} later, press End")


def _widget(entry: Entry) -> Message | LiveMessage:
    if not entry.live:
        return Message(entry)
    live = LiveMessage()
    live.append(entry.text)
    return live
