"""Which checks make sense after which stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from repowright.graph.errors import GraphError
from repowright.graph.lint import dependencies, encoded, features, files, flows, metrics
from repowright.graph.lint.finding import Finding
from repowright.graph.model import RPG

Check = Callable[[RPG], Iterator[Finding]]

_CHECKS: dict[str, tuple[Check, ...]] = {
    "proposal": (features.no_feature, features.duplicate_feature),
    "areas": (features.empty_area, features.feature_outside_area),
    "structure": (
        files.duplicate_path,
        files.unusable_path,
        files.file_without_feature,
        features.feature_not_placed,
        dependencies.file_cycle,
    ),
    "flows": (dependencies.flow_cycle, flows.untyped_flow),
    "base_types": (dependencies.inherits_non_class, dependencies.unit_cycle),
    "interfaces": (
        features.unimplemented_feature,
        files.file_without_unit,
        files.missing_entry_point,
        flows.contradicted_flow,
        files.unused_file,
        metrics.split_candidate,
        metrics.merge_candidate,
    ),
    "code": (),
}

STAGES = tuple(_CHECKS)
"""Stages in order; each runs its own checks and those of the stages before it."""

ENCODED = "encoded"
"""Stands for a graph made from source, which never went through the stages."""

_OF_ENCODED: tuple[Check, ...] = (encoded.unparsed_file, encoded.circular_import)


def stage_of(rpg: RPG) -> str:
    """Return the stage that a finished graph is checked as."""
    return ENCODED if encoded.is_encoded(rpg) else STAGES[-1]


def lint(rpg: RPG, stage: str) -> list[Finding]:
    """Return what is wrong with the plan after ``stage``, errors first.

    Raises
    ------
    GraphError
        If there is no such stage.
    """
    if stage == ENCODED:
        return [finding for check in _OF_ENCODED for finding in check(rpg)]
    if stage not in STAGES:
        raise GraphError(f"there is no stage {stage!r}", f"name one of {', '.join([*STAGES, ENCODED])}")
    done = STAGES[: STAGES.index(stage) + 1]
    found = [finding for each in done for check in _CHECKS[each] for finding in check(rpg)]
    return sorted(found, key=lambda finding: finding.severity)
