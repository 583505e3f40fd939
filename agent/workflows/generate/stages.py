"""The stages of a generation, in their order (ZeroRepo, sections 3 and 4)."""

from __future__ import annotations

from typing import NamedTuple


class Stage(NamedTuple):
    name: str
    title: str


STAGES: tuple[Stage, ...] = (
    Stage("proposal", "features from the specification"),
    Stage("areas", "features sorted into functional areas"),
    Stage("structure", "areas laid out as files"),
    Stage("flows", "typed data flow between areas"),
    Stage("base_types", "types that several areas share"),
    Stage("interfaces", "signatures, file by file"),
    Stage("units", "order of the work"),
    Stage("code", "tests first, then code, unit by unit"),
    Stage("integration", "areas working together"),
    Stage("delivery", "final run and hand-over"),
)

NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)

BEFORE_CODE: tuple[str, ...] = NAMES[: NAMES.index("code")]
"""Stages after which a person may edit the plan and resume."""
