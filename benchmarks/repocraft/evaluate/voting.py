"""The second step: independent ballots on whether the located units implement the task."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from repowright.agent.errors import ModelRefused, ReplyInvalid
from repowright.benchmarks.repocraft.evaluate.asking import request
from repowright.benchmarks.repocraft.evaluate.showing import sources
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.tasks import Task

TEMPERATURE = 1.0
"""Of a ballot: at 0 the ballots of one model are one ballot."""
_REPLY_TOKENS = 2_000


class Ballot(BaseModel):
    """What one reviewer says."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    implements: bool


@dataclass(frozen=True)
class Vote:
    """All ballots on one round of localisation."""

    ballots: tuple[Ballot, ...]

    @property
    def carried(self) -> bool:
        """More than half say yes."""
        return 2 * sum(ballot.implements for ballot in self.ballots) > len(self.ballots)

    @property
    def objections(self) -> list[str]:
        """Why reviewers said no."""
        return [ballot.reason for ballot in self.ballots if not ballot.implements]


async def vote(task: Task, located: Sequence[str], studio: Studio) -> Vote:
    """Collect the ballots; one that cannot be used counts as a no.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    shown = sources(studio.atlas, located)
    numbers = range(studio.terms.votes)
    ballots = await asyncio.gather(*(_ballot(task, shown, number, studio) for number in numbers))
    return Vote(tuple(ballots))


async def _ballot(task: Task, shown: str, number: int, studio: Studio) -> Ballot:
    holes = {"repository": studio.atlas.tree.name, "sources": shown}
    asked = request("vote", holes, task, _REPLY_TOKENS, sample=number, temperature=TEMPERATURE)
    try:
        return await studio.judge.ask_model(asked, Ballot, max_repairs=studio.settings.reply_repairs)
    except (ReplyInvalid, ModelRefused) as error:
        return Ballot(reason=f"no usable ballot: {error.message}", implements=False)
