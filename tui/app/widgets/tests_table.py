"""What tests said, one line for each time they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

if TYPE_CHECKING:
    from repowright.agent.chat.events import TestsReport
    from repowright.agent.events import SandboxRun

MOST = 500


class TestsTable(DataTable[Text]):
    """The runs of tests, the newest last."""

    __test__ = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=True)
        self._keys: list[str] = []
        self.details: dict[str, str] = {}

    def on_mount(self) -> None:
        """Name the columns."""
        for name, width in (("", 1), ("pass", 5), ("fail", 5), ("time", 7)):
            self.add_column(name, width=width, key=name or "mark")
        self.add_column("what", key="what")

    def add_run(self, run: SandboxRun) -> None:
        """Show one run of a sandbox."""
        contained = "" if run.ended == "exited" else f" (ended by the {run.ended} limit)"
        self._add(run.passed, run.failed + run.errors, run.seconds, f"{run.purpose}: {run.subject}{contained}")

    def add_report(self, report: TestsReport) -> None:
        """Show what a conversation's tests said, the failing ones by name."""
        from repowright.tui.amounts import count

        failing = f": {', '.join(report.failing[:5])}" if report.failing else ""
        what = f"{report.chosen} tests, {count(len(report.targets), 'target')}" if report.targets else "all tests"
        sections = [("failing", report.failing), ("run", report.targets)]
        detail = "\n\n".join("\n".join([name, *(f"  {each}" for each in items)]) for name, items in sections if items)
        self._add(report.passed, report.failed + report.errors, report.seconds, f"{what}{failing}", detail)

    def _add(self, passed: int, failed: int, seconds: float, what: str, detail: str = "") -> None:
        from repowright.tui.amounts import duration, printable

        mark = Text("✗", "red") if failed else Text("✓", "green") if passed else Text("·", "dim")
        cells = (mark, Text(str(passed)), Text(str(failed), "red" if failed else "dim"), Text(duration(seconds)))
        key = f"run {len(self._keys)}"
        self.details[key] = detail or what
        self.add_row(*cells, Text(printable(what)), key=key)
        self._keys.append(key)
        if len(self._keys) > MOST and self._keys[-MOST - 1] in self.rows:
            self.remove_row(self._keys[-MOST - 1])
            del self.details[self._keys[-MOST - 1]]
