"""The list of completions above the input line."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Suggestions(OptionList, can_focus=False):
    """Hidden while there is nothing to offer; the input line keeps the focus and sends its keys here."""

    @dataclass
    class Chosen(Message):
        """A completion was taken."""

        choice: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._choices: list[str] = []
        self.display = False

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """Show choices, each with what it is; hide for none."""
        self._choices = [choice for choice, _ in choices]
        self.clear_options()
        self.add_options(
            Option(Text.assemble(choice, (f"  {what}" if what else "", "dim"))) for choice, what in choices
        )
        self.display = bool(choices)
        self.highlighted = 0 if choices else None

    def press(self, key: str) -> None:
        """Do what a key of the input line asks for."""
        if key == "escape":
            self.offer([])
        elif key == "up":
            self.action_cursor_up()
        elif key == "down":
            self.action_cursor_down()
        elif self.highlighted is not None:
            self._choose(self.highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option_index)

    def _choose(self, place: int) -> None:
        choice = self._choices[place]
        self.offer([])
        self.post_message(self.Chosen(choice))
