"""Descriptions by a model: several tasks a question, checked for names that must not show, the template else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from repowright.agent.workflows.lift.asking import Asker, Question
from repowright.benchmarks.repocraft.construction.describing import Description, described
from repowright.benchmarks.repocraft.construction.grouping import Group
from repowright.benchmarks.repocraft.construction.leaks import Leaks
from repowright.benchmarks.repocraft.construction.sources import TestSources
from repowright.benchmarks.repocraft.construction.words import phrase

_PROMPT = "repocraft/describe"
_MOST_GROUPS = 6
"""Groups in one question."""

_MOST_CODE = 5_000
"""Characters of a group's tests that the model gets."""

_ANSWER_TOKENS, _LEAST_TOKENS = 400, 1_500
_FEWEST_LETTERS, _MOST_LETTERS = 40, 1_500
_BEGINS = re.compile(r"you are testing\b", re.IGNORECASE)


class DescriptionOf(BaseModel):
    id: str
    alg_description: str
    task_query: str


class Descriptions(BaseModel):
    descriptions: list[DescriptionOf]


@dataclass(frozen=True)
class ModelWords:
    """Descriptions of all groups, and what of the answers could not be used."""

    words: Mapping[Group, Description]
    problems: tuple[str, ...]


async def described_by_model(
    asker: Asker, groups: Sequence[Group], sources: TestSources, hidden: Sequence[str]
) -> ModelWords:
    """Describe groups; one whose answers all show a name, or say nothing, gets the template's words.

    Parameters
    ----------
    hidden
        Names of the project.
    """
    batches = [groups[start : start + _MOST_GROUPS] for start in range(0, len(groups), _MOST_GROUPS)]
    found = await asyncio.gather(*(_ask(asker, batch, sources, hidden) for batch in batches))
    words = {group: text for one in found for group, text in one.words.items()}
    return ModelWords(words, tuple(problem for one in found for problem in one.problems))


async def _ask(asker: Asker, batch: Sequence[Group], sources: TestSources, hidden: Sequence[str]) -> ModelWords:
    ids = {f"G{number}": group for number, group in enumerate(batch, 1)}
    question = Question(
        _PROMPT,
        Descriptions,
        {"groups": "\n\n".join(_shown(one, group, sources) for one, group in ids.items()), "count": len(ids)},
        f"{batch[0].file}, {len(batch)} groups",
        max(_LEAST_TOKENS, _ANSWER_TOKENS * len(ids)),
    )
    leaks = {one: Leaks(hidden, group.tests) for one, group in ids.items()}
    name = f"model:{asker.model}"
    nothing: dict[str, Description] = {}
    outcome = await asker.ask(question, nothing, lambda before, answer: _take(before, answer, leaks, name))
    problems = tuple(
        f"{group.file}, {group.cap}: described by the template: {outcome.failure or _why(one, outcome.problems)}"
        for one, group in ids.items()
        if one not in outcome.values
    )
    words = {group: outcome.values.get(one) or described(group, hidden) for one, group in ids.items()}
    return ModelWords(words, problems)


def _take(
    before: Mapping[str, Description], answer: Descriptions, leaks: Mapping[str, Leaks], name: str
) -> tuple[dict[str, Description], list[str]]:
    """Add the descriptions that can be used, and say what is wrong with the others."""
    taken, problems = dict(before), []
    for each in answer.descriptions:
        if each.id not in leaks:
            problems.append(f"{each.id!r} is none of the ids that were asked for")
            continue
        texts = [" ".join(text.split()) for text in (each.alg_description, each.task_query)]
        wrong = [problem for text in texts for problem in _problems(text, leaks[each.id])]
        if not _BEGINS.match(texts[1]):
            wrong.append("`task_query` does not begin with 'You are testing'")
        if wrong:
            problems += [f"{each.id}: {problem}" for problem in dict.fromkeys(wrong)] if each.id not in taken else []
        else:
            taken.setdefault(each.id, Description(texts[0], texts[1], name))
    answered = {each.id for each in answer.descriptions} | taken.keys()
    return taken, [*problems, *(f"{one}: has no answer" for one in leaks if one not in answered)]


def _why(one: str, problems: Sequence[str]) -> str:
    told = (problem.removeprefix(f"{one}: ") for problem in problems if problem.startswith(f"{one}: "))
    return next(told, "the model gave no answer")


def _problems(text: str, leaks: Leaks) -> list[str]:
    if not _FEWEST_LETTERS <= len(text) <= _MOST_LETTERS:
        return [f"a text of {len(text)} characters; {_FEWEST_LETTERS} to {_MOST_LETTERS} are wanted"]
    return [f"shows the name {name!r}: describe what it stands for" for name in leaks.shown(text)]


def _shown(one: str, group: Group, sources: TestSources) -> str:
    code = sources.of(group)
    if len(code) > _MOST_CODE:
        code = f"{code[:_MOST_CODE]}\n# [... {len(code) - _MOST_CODE} characters left out ...]"
    area = ", ".join(phrase(part) for part in group.category.split("/"))
    return f"@@ {one}: {group.cap} ({area})\n```python\n{code.rstrip()}\n```"
