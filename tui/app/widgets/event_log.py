"""Every event as a line, newest last."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import RichLog

MOST_LINES = 5_000

_STYLES = {"error": "red", "warning": "yellow", "blame": "yellow", "rejected": "yellow", "stage": "bold"}


class EventLog(RichLog):
    """Follows only while it is scrolled to its end."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, max_lines=MOST_LINES, wrap=False, markup=False, auto_scroll=True)

    def tell(self, since: float, line: str) -> None:
        """Add a line that happened so many seconds after the first one."""
        from repowright.tui.amounts import clock

        word = line.split(" ", 1)[0]
        self.write(Text.assemble((f"{clock(since):>7}  ", "dim"), (line, _STYLES.get(word, ""))))
