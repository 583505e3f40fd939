"""The build with a model: it groups the classes that were drawn, and describes the groups that are drawn from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repowright.agent.events import EventBus
from repowright.agent.settings import Settings
from repowright.agent.side_record import CallCost, CallCounts, recording_gateway
from repowright.agent.workflows.lift.asking import Asker
from repowright.benchmarks.repocraft.construction.building import Gathered, Wanted, draw, hidden_names, task_set
from repowright.benchmarks.repocraft.construction.grouping import Group
from repowright.benchmarks.repocraft.construction.model_groups import ModelGroups, grouped_by_model
from repowright.benchmarks.repocraft.construction.model_words import described_by_model
from repowright.benchmarks.repocraft.construction.sources import TestSources
from repowright.benchmarks.repocraft.tasks import TaskSet


@dataclass(frozen=True)
class ModelBuild:
    """Tasks, what of the model's answers could not be used, and what they cost now."""

    tasks: TaskSet
    problems: tuple[str, ...]
    cost: CallCost


async def build_with_model(
    gathered: Gathered, wanted: Wanted, settings: Settings, folder: Path, replay: Path | None = None
) -> ModelBuild:
    """Build tasks with a model; what it answered once in this folder it is not asked again.

    The model sees the classes that the sample by syntax falls on, and the sample is drawn anew from its groups: a
    project has ten to a hundred times more tests than a sample needs.

    Parameters
    ----------
    folder
        Where answers are recorded.
    replay
        A folder like it that answers in the model's place.

    Raises
    ------
    AgentError
        If the model cannot be used; a spent budget ends the asking only, and what is left stays without a model.
    """
    bus = EventBus(f"repocraft build {wanted.release.name}", time.time)
    counts = CallCounts()
    bus.subscribe(counts)
    async with recording_gateway(settings, folder, replay, bus) as gateway:
        asker = Asker(gateway, bus, settings.temperature)
        grouped = await _grouped(asker, gathered, wanted)
        overlaid = replace(gathered, groups=grouped.groups)
        sample = draw(overlaid, wanted)
        told = await described_by_model(
            asker,
            (*sample.chosen, *sample.reserve),
            TestSources(wanted.release.root),
            hidden_names(wanted.release),
        )
    tasks = task_set(overlaid, wanted, sample, told.words.__getitem__)
    return ModelBuild(tasks, (*grouped.problems, *told.problems), counts.cost())


async def _grouped(asker: Asker, gathered: Gathered, wanted: Wanted) -> ModelGroups:
    """Ask about the classes that the sample falls on; those with one test have nothing to group."""
    sample = draw(gathered, wanted)
    drawn = {(group.file, group.module) for group in (*sample.chosen, *sample.reserve)}
    within = [group for group in gathered.groups if (group.file, group.module) in drawn]
    single = {place for place in drawn if _tests_at(within, place) == 1}
    asked = [test for group in within if (group.file, group.module) not in single for test in group.tests]
    alone = [group for group in within if (group.file, group.module) in single]
    found = await grouped_by_model(asker, asked, wanted.release.package)
    return ModelGroups((*found.groups, *alone), found.problems)


def _tests_at(groups: Sequence[Group], place: tuple[str, str]) -> int:
    return sum(len(group.tests) for group in groups if (group.file, group.module) == place)
