"""The repair loop of the rules: propose, apply, compile, keep only what made it better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks import Check, Crate, Diagnostic, Finding
from repowright.agent.workflows.translate.rules.borrows import BorrowRule
from repowright.agent.workflows.translate.rules.casts import CastRule
from repowright.agent.workflows.translate.rules.derives import DeriveRule
from repowright.agent.workflows.translate.rules.fix import Fix, Rule, apply, keeps_promises
from repowright.agent.workflows.translate.rules.imports import ImportRule
from repowright.agent.workflows.translate.rules.suggested import SuggestedRule

ROUNDS = 8
SINGLE_TRIES = 12
"""Fixes tried one by one after a round in which all together did not help."""
RULES: tuple[Rule, ...] = (CastRule(), ImportRule(), DeriveRule(), BorrowRule(), SuggestedRule())
_RESOLVING = frozenset(
    {"E0425", "E0412", "E0433", "E0432", "E0405", "E0404", "E0422", "E0423", "E0531", "E0574", "E0583"}
)
_BORROWING = frozenset(
    {"E0382", "E0499", "E0502", "E0503", "E0505", "E0506", "E0507", "E0515", "E0596", "E0597", "E0716"}
)


@dataclass(frozen=True)
class Repaired:
    """A crate after the rules."""

    crate: Crate
    finding: Finding
    """Of the compiler, on the crate as it is now."""
    applied: tuple[Fix, ...] = ()
    compilations: int = 0

    @property
    def by_rule(self) -> dict[str, int]:
        """How many fixes each rule gave."""
        names = sorted({fix.rule for fix in self.applied})
        return {name: sum(fix.rule == name for fix in self.applied) for name in names}


async def repair_by_rules(
    crate: Crate, compiler: Check, rules: Sequence[Rule] = RULES, frozen: frozenset[str] = frozenset()
) -> Repaired:
    """Mend compile errors, then warnings that the compiler can mend itself; the result never has more of them.

    Signatures stay, no unsafe code comes in, and tests and files in ``frozen`` are never touched.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    state = Repaired(crate, await compiler.check(crate), (), 1)
    for _ in range(ROUNDS):
        choices = _proposals(state, rules, frozen)
        if not choices:
            break
        better = await _together(state, choices, compiler, frozen)
        if better is None:
            better = await _one_by_one(state, choices, compiler, frozen)
        if better.applied == state.applied:
            return better
        state = better
    return state


def standing(finding: Finding) -> tuple[int, int, int, int]:
    """How good a compilation is, larger is better: the compiler finds errors in steps, and stops after one with any."""
    errors = [each for each in finding.diagnostics if each.level == "error"]
    warnings = len(finding.diagnostics) - len(errors)
    if finding.passed:
        return 4, 0, 0, -warnings
    steps = [_step(each) for each in errors]
    first = min(steps, default=0)
    return first, -steps.count(first), -len(errors), 0


def _step(diagnostic: Diagnostic) -> int:
    if not diagnostic.code:
        return 0
    if diagnostic.code in _RESOLVING:
        return 1
    return 3 if diagnostic.code in _BORROWING else 2


def _proposals(state: Repaired, rules: Sequence[Rule], frozen: frozenset[str]) -> list[list[Fix]]:
    """For each diagnostic the fixes that are proposed, likeliest first."""
    own = {path: data for path, data in state.crate.rust_files().items() if path not in frozen}
    errors = [each for each in state.finding.diagnostics if each.level == "error"]
    chosen = errors or list(state.finding.diagnostics)
    usable = [each for each in rules if errors or isinstance(each, SuggestedRule)]
    found = [[fix for rule in usable for fix in rule.fixes(each, own)] for each in chosen]
    return [fixes for fixes in found if fixes]


async def _together(
    state: Repaired, choices: Sequence[Sequence[Fix]], compiler: Check, frozen: frozenset[str]
) -> Repaired | None:
    """Apply the first fix of every diagnostic at once."""
    first = list(dict.fromkeys(fixes[0] for fixes in choices))
    tried = await _try(state, first, compiler)
    return tried if tried is not None and standing(tried.finding) > standing(state.finding) else None


async def _one_by_one(
    state: Repaired, choices: Sequence[Sequence[Fix]], compiler: Check, frozen: frozenset[str]
) -> Repaired:
    """Try fixes singly; the first that helps is kept."""
    compiled = 1
    for fix in [fix for fixes in choices for fix in fixes][:SINGLE_TRIES]:
        tried = await _try(state, [fix], compiler)
        if tried is None:
            continue
        compiled += 1
        if standing(tried.finding) > standing(state.finding):
            return replace(tried, compilations=state.compilations + compiled)
    return replace(state, compilations=state.compilations + compiled)


async def _try(state: Repaired, fixes: Sequence[Fix], compiler: Check) -> Repaired | None:
    files = apply(state.crate.files, fixes)
    changed = [path for path in files if files[path] != state.crate.files[path]]
    if not changed or not all(keeps_promises(state.crate.files[path], files[path]) for path in changed):
        return None
    crate = replace(state.crate, files=files)
    finding = await compiler.check(crate)
    return Repaired(crate, finding, (*state.applied, *fixes), state.compilations + 1)
