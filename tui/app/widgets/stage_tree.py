"""The stages of a run with state, cost and time, and the units of work below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Tree

if TYPE_CHECKING:
    from textual.widgets.tree import TreeNode

    from repowright.tui.app.costs import StageCosts
    from repowright.tui.view_state import StageView, ViewState

UNITS = 400
"""Units shown; a run of thousands has the rest in its report."""

_MARKS = {"pending": ("·", "dim"), "running": ("▸", "bold cyan"), "done": ("✓", "green")}
_ENDS = {"verified": ("✓", "green"), "failed": ("✗", "red")}


class StageTree(Tree[str]):
    """Shows a view state; only what differs from the last one is drawn again."""

    ICON_NODE = ICON_NODE_EXPANDED = ""

    def __init__(self, id: str | None = None) -> None:
        super().__init__("run", id=id)
        self.show_root = False
        self.guide_depth = 2
        self._stages: dict[str, TreeNode[str]] = {}
        self._units: dict[str, TreeNode[str]] = {}
        self._labels: dict[str, str] = {}

    def show(self, state: ViewState, costs: StageCosts, now: float) -> None:
        """Bring the tree up to date at a time ``now`` (seconds since the epoch)."""
        for stage in state.stages:
            label = stage_label(stage, costs.of(stage.name).usd, now)
            if stage.name not in self._stages:
                self._stages[stage.name] = self.root.add(label, data=stage.name, allow_expand=False)
            self._label(f"stage {stage.name}", self._stages[stage.name], label)
        if state.units or state.running:
            self._show_units(state)

    def _show_units(self, state: ViewState) -> None:
        home = self._stages.get("code") or next(reversed(self._stages.values()), self.root)
        for unit in state.units[-UNITS:]:
            mark, style = _ENDS[unit.state]
            self._unit(home, unit.unit, Text.assemble((f"{mark} ", style), unit.name))
        for running in state.running[:UNITS]:
            self._unit(home, running.unit, Text.assemble(("▸ ", "cyan"), running.name))

    def _unit(self, home: TreeNode[str], unit: str, label: Text) -> None:
        if unit not in self._units:
            if not self._units:
                home.allow_expand = True
                home.expand()
            self._units[unit] = home.add_leaf(label, data=unit)
        self._label(f"unit {unit}", self._units[unit], label)

    def _label(self, key: str, node: TreeNode[str], label: Text) -> None:
        if self._labels.get(key) != label.plain:
            self._labels[key] = label.plain
            node.set_label(label)


def stage_label(stage: StageView, usd: float, now: float) -> Text:
    """Return mark, name, progress, time and cost of a stage on one line of 28 cells."""
    from repowright.tui.amounts import clock

    mark, style = _MARKS[stage.state]
    seconds = now - stage.started if stage.state == "running" else stage.seconds
    time_taken = clock(seconds) if seconds is not None else ""
    progress = f"{stage.done}/{stage.total}" if stage.state == "running" and stage.total else ""
    cost = f"${usd:.2f}" if usd else ""
    name_style = {"pending": "dim", "running": "bold", "done": ""}[stage.state]
    return Text.assemble(
        (f"{mark} ", style),
        (f"{stage.name[:11]:<11}", name_style),
        (f"{(progress or cost):>7}", "" if progress else "dim"),
        (f"{time_taken:>7}", "dim"),
    )
