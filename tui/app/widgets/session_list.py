"""The sessions of a folder."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from repowright.tui.app.widgets.message import harmless


@dataclass(frozen=True)
class SessionLine:
    """A session as the list names it; ``when`` is in the user's own time."""

    id: str
    title: str
    when: str
    current: bool = False


class SessionList(OptionList):
    """The newest session first; choosing one asks to go there."""

    @dataclass
    class Wanted(Message):
        """Another session was chosen."""

        session: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._current = ""

    def show(self, lines: list[SessionLine]) -> None:
        """Show these sessions."""
        self.clear_options()
        for line in lines:
            mark = ("▸ ", "bold") if line.current else ("  ", "")
            label = Text.assemble(mark, harmless(line.title), (f"\n  {line.when}", "dim"), overflow="ellipsis")
            label.no_wrap = True
            self.add_option(Option(label, id=line.id))
            if line.current:
                self._current = line.id

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id and event.option_id != self._current:
            self.post_message(self.Wanted(event.option_id))
