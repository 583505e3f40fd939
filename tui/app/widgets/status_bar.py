"""One line that says how it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.text import Text
from textual.reactive import reactive
from textual.widgets import Static


@dataclass(frozen=True)
class Standing:
    """What the line says, each part empty while it is not known."""

    doing: str = "starting"
    mode: str = ""
    waiting: int = 0
    spent: str = ""
    context: str = ""
    graph: str = ""
    needs_you: bool = False
    warn: bool = False


class StatusBar(Static):
    """Shows a ``Standing``."""

    standing: reactive[Standing] = reactive(Standing())

    def change(self, **parts: str | int | bool) -> None:
        """Replace parts of what is shown."""
        self.standing = replace(self.standing, **parts)  # type: ignore[arg-type]

    def render(self) -> Text:
        """Return the line."""
        now = self.standing
        doing = ("needs you", "bold reverse") if now.needs_you else (now.doing, "bold")
        queue = f"{now.waiting} waiting" if now.waiting else ""
        parts = [doing, (now.mode, ""), (queue, ""), (now.spent, "yellow" if now.warn else ""), (now.context, "dim")]
        text = Text(no_wrap=True, overflow="ellipsis")
        for words, style in [part for part in [*parts, (now.graph, "dim")] if part[0]]:
            text.append("  ·  " if text else "", "dim")
            text.append(words, style)
        return text
