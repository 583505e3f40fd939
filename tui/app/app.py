"""The app: one screen below, the palette, the themes and the keys that hold everywhere.

Nothing heavy is imported here: the first paint comes before the engine, the events and the graph.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import WorkerFailed

from repowright.tui.app.alerts import Alerts
from repowright.tui.app.lifeline import Lifeline
from repowright.tui.app.screens.run import TABS, RunScreen


class RepowrightApp(App[int]):
    """Shows one screen until it is left; the result is the exit code.

    Parameters
    ----------
    make_screen
        Makes the screen of a run or a conversation.
    theme_name
        A theme of Textual; what is not known is left at the default.
    quiet
        No bell and no notification.
    """

    TITLE = "repowright"
    CSS_PATH = "styles.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("f1", "keys", "Keys"),
    ]

    def __init__(self, make_screen: Callable[[], RunScreen], theme_name: str = "", quiet: bool = False) -> None:
        super().__init__()
        self._make_screen = make_screen
        self.alerts = Alerts(self._write, on=not quiet)
        self._lifeline = Lifeline(self.exit)
        if theme_name in self.available_themes:
            self.theme = theme_name

    def run(self, *positional: Any, **named: Any) -> int:
        """Run until it is left and return the exit code; a fault leaves the terminal as it was and is raised.

        Raises
        ------
        Exception
            What no part of the app foresaw.
        """
        try:
            code = super().run(*positional, **named)
        finally:
            self._lifeline.release()
        fault = self._exception
        if fault is not None:
            raise fault.error if isinstance(fault, WorkerFailed) else fault
        return code or 0

    def on_mount(self) -> None:
        """End when the terminal does."""
        if not self.is_headless and os.isatty(0):
            self._lifeline.hold()

    def get_default_screen(self) -> Screen[object]:
        """Return the one screen."""
        return self._make_screen()  # type: ignore[return-value]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer, beside Textual's own, the tabs and what the screen can do."""
        yield from super().get_system_commands(screen)
        if isinstance(screen, RunScreen):
            for name in TABS:
                yield SystemCommand(f"Show {name}", f"Go to the tab {name}", _tab(screen, name))
            yield SystemCommand("Side pane", "Show or hide the left side", screen.action_side)
            for title, help_text, act in screen.own_commands():
                yield SystemCommand(title, help_text, act)

    def action_keys(self) -> None:
        """Show or hide the keys that work here."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def _fatal_error(self) -> None:
        # Textual would print every frame with its local variables, and a key may be among them; the command line
        # says what happened on one line.
        self._close_messages_no_wait()

    def _write(self, sequence: str) -> None:
        # Textual has a public call for the bell alone; what else is written must go through the same driver.
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)


def _tab(screen: RunScreen, name: str) -> Callable[[], None]:
    return lambda: screen.action_tab(name)
