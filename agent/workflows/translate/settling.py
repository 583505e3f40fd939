"""What the last checks of the whole say of each unit."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent.workflows.translate.callees import with_callees
from repowright.agent.workflows.translate.records import Judgement, UnitRecord, UnitState
from repowright.agent.workflows.translate.slots import Slot
from repowright.agent.workflows.translate.studio import Layout


def settled(units: Sequence[UnitRecord], layout: Layout, now: Judgement) -> tuple[UnitRecord, ...]:
    """The units as the last checks of the whole crate show them: those that something passing reaches are verified."""
    failing = {str(slot) for slot in _reached(layout, {each.test for each in now.failing})}
    passing = {str(slot) for slot in with_callees(layout, _reached(layout, set(now.passed)))}
    if now.swapped:
        called = set(now.reached)
        passing |= {str(slot) for slot in layout.frame.slots if slot.origin and slot.origin.name in called}
    clean = not now.differences
    return tuple(_settled(unit, set(unit.items), passing, failing, clean=clean) for unit in units)


def _settled(unit: UnitRecord, items: set[str], passing: set[str], failing: set[str], *, clean: bool) -> UnitRecord:
    if unit.state is UnitState.STUB:
        return unit
    if items & failing and not items & passing:
        reason = unit.reason or "a test that reaches it fails"
        return unit.model_copy(update={"state": UnitState.FAILING, "reason": reason})
    mended = unit.state is UnitState.FAILING and clean and not items & failing and items & passing
    if mended or (unit.state is UnitState.COMPILED and items & passing):
        return unit.model_copy(update={"state": UnitState.VERIFIED, "reason": ""})
    return unit


def _reached(layout: Layout, tests: set[str]) -> set[Slot]:
    names = {name.rpartition("::")[2] for name in tests}
    near = [each for each in layout.context.reaches if each.test.rpartition("::")[2] in names]
    return {slot for each in near for slot in each.slots}
