"""Checks as an aligned table."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.tui.amounts import printable
from repowright.tui.doctor import Check

_STYLES = {"ok": "green", "warn": "yellow", "missing": "red"}


def print_checks(checks: Sequence[Check]) -> None:
    """Print one line a check, and below it what helps where something is amiss."""
    from rich.text import Text

    from repowright.tui.screen import console_for

    console = console_for()
    width = max(len(check.name) for check in checks)
    for check in checks:
        line = Text.assemble(
            f"{check.name:<{width}}  ",
            (f"{check.state:<7}", _STYLES[check.state]),
            f"  {printable(check.detail)}",
        )
        if check.advice and check.state != "ok":
            line.append(f"\n{'':<{width + 11}}{printable(check.advice)}", style="dim")
        console.print(line, soft_wrap=True)
