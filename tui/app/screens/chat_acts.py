"""What the slash commands do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repowright.agent.chat.engine import Engine
    from repowright.tui.app.screens.chat import ChatScreen
    from repowright.tui.app.slash import Said

_TABS = ("graph", "diff", "tests", "log")


def act(screen: ChatScreen, engine: Engine | None, said: Said) -> bool:
    """Do what was said; false if there is no such command."""
    return _on_screen(screen, said) or _on_engine(screen, engine, said)


def _on_screen(screen: ChatScreen, said: Said) -> bool:
    if said.name in _TABS:
        screen.action_tab(said.name)
    elif said.name == "help":
        screen.app.action_show_help_panel()
    elif said.name == "theme":
        screen.app.action_change_theme()
    elif said.name == "quit":
        screen.app.exit(0)
    elif said.name == "rewind":
        screen.action_rewind()
    elif said.name == "mode" and said.argument:
        screen.set_mode(said.argument)
    elif said.name == "mode":
        screen.action_next_mode()
    else:
        return False
    return True


def _on_engine(screen: ChatScreen, engine: Engine | None, said: Said) -> bool:
    if said.name not in ("continue", "unqueue", "compact", "fork"):
        return False
    if engine is None:
        screen.notify("no session is open yet", severity="warning")
    elif said.name == "continue":
        screen.ask_engine(engine.resume_turn())
    elif said.name == "compact":
        screen.ask_engine(engine.compact())
    elif said.name == "fork":
        screen.ask_engine(engine.fork())
    elif screen.story is not None and screen.story.waiting:
        screen.ask_engine(engine.unqueue(screen.story.waiting[-1].message))
    return True
