"""Checks as an aligned table."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.tui.amounts import printable
from repowright.tui.doctor import Check

_STYLES = {"ok": "green", "warn": "yellow", "missing": "red"}


def print_checks(checks: Sequence[Check]) -> None:
    """Print one line a check, and below it what helps where something is amiss."""
    from rich.table import Table
    from rich.text import Text

    from repowright.tui.screen import console_for

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        told = Text(printable(check.detail))
        if check.advice and check.state != "ok":
            told.append(f"\n{printable(check.advice)}", style="dim")
        table.add_row(Text(check.name), Text(check.state, style=_STYLES[check.state]), told)
    console_for().print(table)
