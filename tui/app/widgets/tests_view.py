"""What tests said: the runs above, what one of them was about below."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from repowright.tui.app.widgets.message import harmless
from repowright.tui.app.widgets.tests_table import TestsTable


class TestsView(Vertical):
    """A table, and the detail of the row under the cursor."""

    __test__ = False

    def compose(self) -> ComposeResult:
        """Lay the two parts out."""
        yield TestsTable(id="tests-table")
        with VerticalScroll(id="tests-scroll"):
            yield Static("no test was run yet", id="tests-detail", markup=False)

    @on(DataTable.RowHighlighted)
    def _highlighted(self, event: DataTable.RowHighlighted) -> None:
        table = self.query_one(TestsTable)
        detail = table.details.get(event.row_key.value or "", "") if event.row_key else ""
        if detail:
            self.query_one("#tests-detail", Static).update(harmless(detail))
