"""One finished entry of the conversation: one widget, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Static

if TYPE_CHECKING:
    from repowright.tui.app.transcript import Entry

RESULT_LINES = 6
"""Lines of a tool's result that show before it is opened."""

_MARKS = {"running": "▸", "done": "✓", "failed": "✗", "denied": "⊘", "cancelled": "○"}
_STYLES = {"running": "cyan", "done": "green", "failed": "red", "denied": "yellow", "cancelled": "dim"}
_WORDS = {"stage": "bold cyan", "unit": "green", "commit": "blue", "run": "bold", "end": "bold"}
_NOTES = {"info": "dim", "warning": "yellow", "error": "red"}


class Message(Static):
    """Shows an entry; a click, or Enter on it, opens a tool's whole result."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter", "open", "Open")]

    def __init__(self, entry: Entry) -> None:
        super().__init__(drawn(entry), markup=False, classes=f"message {entry.kind}")
        self.entry = entry
        self.opened = False

    def show(self, entry: Entry) -> None:
        """Draw another state of the same entry."""
        self.entry = entry
        self.update(drawn(entry, self.opened))

    def on_click(self) -> None:
        """Open or close."""
        self.action_open()

    def action_open(self) -> None:
        """Open or close a tool's result."""
        if self.entry.kind == "tool":
            self.opened = not self.opened
            self.update(drawn(self.entry, self.opened))


def drawn(entry: Entry, opened: bool = False) -> RenderableType:
    """Return how an entry looks.

    Parameters
    ----------
    opened
        Whether a tool's result is shown whole.
    """
    if entry.kind == "reply":
        return markdown(entry.text)
    if entry.kind == "user":
        said = Text(harmless(entry.text))
        return Group(said, Text(entry.detail, style="dim italic")) if entry.detail else said
    if entry.kind == "tool":
        return _tool(entry, opened)
    if entry.kind == "turn":
        return Text(f"{entry.title} · {entry.detail}", style="dim", justify="right")
    return _note(entry)


def plan_drawn(plan: str) -> RenderableType:
    """Return how a plan looks: a sign for each item of the list, done or not."""
    grid = Table.grid(padding=(0, 1))
    for line in harmless(plan).splitlines():
        done, item = _plan_item(line)
        grid.add_row(_PLAN[done], Text(item, "dim" if done else ""))
    return grid


_PLAN = {True: Text("✓", "green"), False: Text("○", "dim"), None: Text("")}


def _plan_item(line: str) -> tuple[bool | None, str]:
    item = line.strip().lstrip("-*").strip()
    if item[:3].casefold() == "[x]":
        return True, item[3:].strip()
    return (False, item[3:].strip()) if item[:3] == "[ ]" else (None, line.strip())


def _note(entry: Entry) -> RenderableType:
    style = _NOTES.get(entry.state, "dim")
    if not entry.title:
        return Text(harmless(entry.text), style)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=9)
    grid.add_row(Text(entry.title, _WORDS.get(entry.title, style)), Text(harmless(entry.text), style))
    return grid


def _tool(entry: Entry, opened: bool) -> RenderableType:
    mark = _MARKS.get(entry.state, "·")
    head = Text.assemble(
        (f"{mark} ", _STYLES.get(entry.state, "")),
        (harmless(entry.title).replace("\n", " "), "bold"),
        (f"  {harmless(entry.detail)}" if entry.detail else "", "dim"),
        no_wrap=not opened,
        overflow="ellipsis",
    )
    lines = harmless(entry.text).rstrip().splitlines()
    shown = lines if opened or len(lines) <= RESULT_LINES else lines[: RESULT_LINES - 1]
    rest = len(lines) - len(shown)
    body = [Text(f"  {line}", style="dim", no_wrap=not opened, overflow="ellipsis") for line in shown]
    more = [Text(f"  {rest} more lines, click to open", style="dim italic")] if rest else []
    return Group(head, *body, *more)


def markdown(text: str) -> RenderableType:
    """Return how Markdown looks, nothing in it driving the terminal."""
    from rich.markdown import Markdown

    return Markdown(harmless(text), hyperlinks=False)


def harmless(text: str) -> str:
    """Return text whose lines stay and in which nothing drives the terminal."""
    return "".join(each if each in "\n\t" or each.isprintable() else "\ufffd" for each in text)
