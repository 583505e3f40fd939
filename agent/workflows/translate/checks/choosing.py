"""Which functions take C's place in a swap, and which structures are converted at each call for that."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.bridge import Wrapper
from repowright.agent.workflows.translate.checks.conversions import Conversions
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.hits import HIT
from repowright.agent.workflows.translate.checks.rust_library import bridge_all, call_shapes
from repowright.agent.workflows.translate.checks.shapes import CallShape, ShapeKind
from repowright.agent.workflows.translate.checks.sharing import looked_into, swappable
from repowright.agent.workflows.translate.checks.state import kept_state


@dataclass(frozen=True)
class Chosen:
    """What is swapped.

    Parameters
    ----------
    conversions
        Those that wrappers use.
    left_out
        By name of the C function: why it stays.
    """

    wrappers: tuple[Wrapper, ...]
    conversions: Conversions
    left_out: dict[str, str]

    def narrowed(self, crate: Crate, program: CProgram, kept: tuple[Wrapper, ...]) -> Chosen:
        """The same without wrappers that do not compile, and without those that cannot go without these."""
        names = {each.symbol for each in kept}
        gone = (each.shape.name for each in self.wrappers if each.symbol not in names)
        left_out = self.left_out | dict.fromkeys(gone, "its wrapper does not compile")
        own = tuple(each for each in self.wrappers if each.symbol in names)
        return Chosen(swappable(crate, program, own, left_out, self.conversions), self.conversions, left_out)


def choose(crate: Crate, program: CProgram, every: Conversions, only: frozenset[str] | None) -> Chosen:
    """Choose what to swap: structures are boxed where C does not look into them, and converted where it does.

    Parameters
    ----------
    every
        Converters that could be used.
    only
        Names of the C functions to swap, with all that use the same variables; all that can be where it is None.
    """
    only = None if only is None else kept_state(program).together(only)
    shapes, _ = call_shapes(program, values=True) if every.every else ([], {})
    tags = {name for each in shapes for name in _by_value(each)}
    while True:
        chosen = _chosen(crate, program, every.only(tags), only)
        tags_out = {tag for each in shapes if each.name in chosen.left_out for tag in _structures(each)}
        more = {tag for tag in tags_out - tags if every.of(tag)} & looked_into(crate, program, chosen.left_out)
        if not more:
            return chosen
        tags |= more


def _chosen(crate: Crate, program: CProgram, used: Conversions, only: frozenset[str] | None) -> Chosen:
    bridged = bridge_all(crate, program, _symbol, lambda number: HIT, used)
    left_out = dict(bridged.left_out)
    wanted = tuple(each for each in bridged.wrappers if only is None or each.shape.name in only)
    left_out |= {each.shape.name: "it was not asked for" for each in bridged.wrappers if each not in wanted}
    return Chosen(swappable(crate, program, wanted, left_out, used), used, left_out)


def _by_value(shape: CallShape) -> set[str]:
    every = (*shape.parameters, *([shape.result] if shape.result else []))
    handed = (tag for each in every if each.call is not None for tag in _structures(each.call))
    return {*(each.tag if each.kind is ShapeKind.VALUE else each.enum for each in every), *handed} - {""}


def _structures(shape: CallShape) -> set[str]:
    every = (*shape.parameters, *([shape.result] if shape.result else []))
    return {each.tag for each in every if each.tag}


def _symbol(shape: CallShape) -> str:
    return shape.name if shape.symbol == shape.name else f"swap_{shape.symbol}"
