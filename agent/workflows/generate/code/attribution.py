"""Who is to blame for a failing test: several independent votes over evidence taken from the graph.

ZeroRepo, section 4 (majority vote), and what its release left out: the judges see the unit's specification,
the failing lines and the interfaces it stands on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from repowright.agent.events import Attribution, Vote
from repowright.agent.workflows.generate.asking import ask_model
from repowright.agent.workflows.generate.code.writing import failure_text, unit_holes
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import TestOutcome, TestReport

Blame = Literal["code", "test", "environment", "plan"]


class Judgement(BaseModel):
    blame: Blame
    culprit: str
    reason: str


@dataclass(frozen=True)
class Case:
    """What the judges are shown, and whom they may blame.

    Parameters
    ----------
    holes
        What the prompt is filled with: skeleton and dependencies of what is tested.
    suspects
        Units whose code may be wrong, by id.
    fallback
        The unit that is blamed where the votes name none of them.
    """

    id: str
    name: str
    code: str
    tests: str
    holes: Mapping[str, object]
    suspects: Collection[str]
    fallback: str


def unit_case(plan: Plan, record: UnitRecord, studio: Studio) -> Case:
    """Return the case of one unit: itself and what it stands on are under suspicion."""
    holes = unit_holes(plan, record, studio)
    return Case(record.id, record.name, record.code, record.tests, holes, plan.closure([record.id]), record.id)


@dataclass(frozen=True)
class Verdict:
    """What the votes came to; ``culprit`` is a unit's id."""

    blame: Blame
    culprit: str
    reasons: tuple[str, ...]


async def attribute(plan: Plan, case: Case, report: TestReport, studio: Studio, *, attempt: int) -> Verdict:
    """Ask for votes until the majority is certain, at most ``votes`` of them."""
    wanted = studio.settings.votes
    majority = wanted // 2 + 1
    votes = list(await asyncio.gather(*(_vote(case, report, studio, attempt, one) for one in range(majority))))
    while len(votes) < wanted and max(Counter(vote.blame for vote in votes).values()) < majority:
        votes.append(await _vote(case, report, studio, attempt, len(votes)))
    verdict = count(plan, case, votes)
    studio.emit(
        Attribution(
            unit=case.id,
            name=case.name,
            failing=[one.test for one in report.results if one.outcome in (TestOutcome.FAILED, TestOutcome.ERROR)],
            votes=[Vote(blame=vote.blame, culprit=vote.culprit, reason=vote.reason) for vote in votes],
            verdict=verdict.blame,
            culprit=plan.rpg.node(verdict.culprit).name if verdict.blame == "code" else case.name,
        )
    )
    return verdict


def count(plan: Plan, case: Case, votes: Sequence[Judgement]) -> Verdict:
    """Return the majority's verdict; without one the code is blamed, which loses no test."""
    blame, number = Counter(vote.blame for vote in votes).most_common(1)[0]
    if number * 2 <= len(votes):
        blame = "code"
    agreeing = [vote for vote in votes if vote.blame == blame] or list(votes)
    named = Counter(_suspect(plan, case, vote.culprit) for vote in agreeing)
    culprit, backing = named.most_common(1)[0]
    if blame != "code" or backing * 2 <= len(agreeing):
        culprit = case.fallback
    return Verdict(blame, culprit, tuple(vote.reason for vote in agreeing))


def _suspect(plan: Plan, case: Case, name: str) -> str:
    """Return the unit a judge names, if it is under suspicion."""
    wanted = name.rpartition(":")[2].partition(".")[0].strip("`() ")
    for one in sorted(case.suspects):
        if plan.rpg.node(one).name == wanted:
            return one
    return case.fallback


async def _vote(case: Case, report: TestReport, studio: Studio, attempt: int, number: int) -> Judgement:
    return await ask_model(
        studio,
        "generate/attribute",
        Judgement,
        {
            **case.holes,
            "code": case.code.strip(),
            "tests": case.tests.strip(),
            "failures": failure_text(report),
        },
        subject=case.name,
        sample=attempt * 100 + number,
    )
