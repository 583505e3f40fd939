"""The stages of a run that are known before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repowright.agent.errors import UserError

if TYPE_CHECKING:
    from repowright.agent.run import Run

Stages = tuple[tuple[str, str], ...]
"""Name and title of each."""


def stages_of(run: Run) -> Stages:
    """Return the stages of a run; none where its workflow has none, or what it is made of cannot be read."""
    match run.manifest.workflow:
        case "generate":
            from repowright.agent.workflows.generate.stages import STAGES as GENERATION

            return tuple((stage.name, stage.title) for stage in GENERATION)
        case "resolve":
            from repowright.agent.workflows.resolve.stages import STAGES as RESOLUTION

            return RESOLUTION
        case "translate":
            return _translation(run)
        case _:
            return ()


def _translation(run: Run) -> Stages:
    from repowright.agent.workflows.translate import stages
    from repowright.agent.workflows.translate.subject import Subject

    try:
        subject = Subject.of(run.spec())
    except UserError:
        return ()
    return stages.stages_of(idiomatic=subject.idiomatic and not subject.interface)
