"""A run entered behind the stages that its seed has decided."""

from __future__ import annotations

from langchain_core.runnables import RunnableConfig

from repowright.agent.events import Decision, LintRound, StageEnd, StageStart
from repowright.agent.workflows.generate.from_graph.seed import Note, SeedRecord
from repowright.agent.workflows.generate.plan_files import write_plan_files
from repowright.agent.workflows.generate.stages import NAMES, STAGES
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio
from repowright.agent.workflows.generate.workflow import Workflow, end_node

_SHOWN = 200
"""Things that an event lists; the seed in the run's folder lists all."""


async def enter(workflow: Workflow, config: RunnableConfig, seed: SeedRecord, studio: Studio) -> None:
    """Put the plan of a seed into a workflow that has not begun, and tell what was decided."""
    plan = studio.load(seed.plan)
    exported = write_plan_files(plan, studio.run)
    for stage in STAGES[: NAMES.index(seed.stage) + 1]:
        studio.emit(StageStart(stage=stage.name, title=f"{stage.title}: as the graph has them"))
        if stage.name == seed.stage:
            for note in seed.notes:
                studio.emit(_decision(stage.name, note))
            studio.emit(LintRound(stage=stage.name, round=1, findings=list(seed.warnings)))
        left = len(seed.warnings) if stage.name == seed.stage else 0
        graph = exported.partition(" ")[0]
        studio.emit(StageEnd(stage=stage.name, seconds=0.0, graph=graph, open_findings=left))
    state = GenerateState(
        plan=seed.plan,
        epoch=studio.epoch,
        exported=exported,
        open_findings={seed.stage: "\n".join(seed.warnings)},
    )
    await workflow.aupdate_state(config, state, as_node=end_node(seed.stage))


def is_decided(stage: str | None, seed: SeedRecord) -> bool:
    """Return whether a seed has decided a stage."""
    return stage is not None and NAMES.index(stage) <= NAMES.index(seed.stage)


def _decision(stage: str, note: Note) -> Decision:
    evidence = list(note.evidence[:_SHOWN])
    more = len(note.evidence) - len(evidence)
    evidence += [f"and {more} more, listed in seed.json of the run"] if more else []
    return Decision(stage=stage, subject=note.subject, what=note.what, why=note.why, evidence=evidence)
