"""The lifter that asks a model, question by question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

from repowright.agent.workflows.lift import showing
from repowright.agent.workflows.lift.answers import (
    Features,
    FoundAreas,
    Places,
    Reading,
    Summaries,
    read_areas,
    read_phrases,
    read_places,
)
from repowright.agent.workflows.lift.asking import Asker, Outcome, Question
from repowright.graph.encode.lift_batches import Batch
from repowright.graph.encode.lift_units import LiftUnit
from repowright.graph.encode.lifter import Answers, AreaBrief, Areas, FileBrief, Route, Routes

_FILE_CHARACTERS = 200_000
"""Text of one round of area discovery: some 60,000 tokens."""

_ANSWER_TOKENS = 40
_LEAST_TOKENS = 4_000
_AREA_TOKENS = 6_000
T = TypeVar("T")
_NOT_ASKED = "the model gave no answer"


class ModelLifter:
    """Fulfils `graph.encode.lifter.Lifter` through the gateway.

    Parameters
    ----------
    name
        The repository's name.
    """

    def __init__(self, asker: Asker, name: str) -> None:
        self._asker, self._name = asker, name

    @property
    def model(self) -> str:
        """The model's name."""
        return self._asker.model

    async def features(self, batch: Batch) -> Answers:
        """Ask what the definitions of a batch are for; one that is too much for the model is asked in halves."""
        return await self._features([unit for block in batch for unit in block.units])

    async def _features(self, chosen: Sequence[LiftUnit]) -> Answers:
        units = {f"U{number}": unit for number, unit in enumerate(chosen, 1)}
        question = Question(
            "encode/features",
            Features,
            {"definitions": showing.definitions(units), "count": len(units)},
            f"{chosen[0].path}, {len(units)} definitions",
            _room(len(units)),
        )
        outcome = await self._asker.ask(
            question,
            Reading[str](),
            lambda before, answer: _added(before, [(one.id, one.feature) for one in answer.features], list(units)),
        )
        if outcome.too_much and len(units) > 1:
            half = len(chosen) // 2
            return _together(await asyncio.gather(self._features(chosen[:half]), self._features(chosen[half:])))
        texts = {units[one].key: text for one, text in outcome.values.values.items()}
        return Answers(texts, _problems(outcome, {one: f"{unit.path}:{unit.qualname}" for one, unit in units.items()}))

    async def summaries(self, files: Sequence[FileBrief]) -> Answers:
        """Ask what files are for."""
        briefs = _numbered(files)
        question = Question(
            "encode/summaries",
            Summaries,
            {"files": showing.files(briefs), "count": len(briefs)},
            f"{files[0].path}, {len(files)} files",
            _room(len(files)),
        )
        outcome = await self._asker.ask(
            question,
            Reading[str](),
            lambda before, answer: _added(before, [(one.id, one.summary) for one in answer.summaries], list(briefs)),
        )
        texts = {briefs[one].path: text for one, text in outcome.values.values.items()}
        return Answers(texts, _problems(outcome, {one: brief.path for one, brief in briefs.items()}))

    async def areas(self, files: Sequence[FileBrief]) -> Areas:
        """Ask for the areas, in as many rounds as the files take; each round mends what the one before it found."""
        parts = _rounds(files)
        found: tuple[AreaBrief, ...] = ()
        problems: list[tuple[str, str]] = []
        for number, part in enumerate(parts, 1):
            question = Question(
                "encode/areas",
                FoundAreas,
                {
                    "name": self._name,
                    "part": number,
                    "parts": len(parts),
                    "areas": showing.areas(found),
                    "files": showing.file_lines(_numbered(part)),
                },
                f"part {number} of {len(parts)}",
                _AREA_TOKENS,
                again="the whole list of areas",
            )
            outcome = await self._asker.ask(question, found, _areas_of)
            found = outcome.values
            problems += [("areas", problem) for problem in [*outcome.problems, outcome.failure] if problem]
        return Areas(found, tuple(problems))

    async def routes(self, files: Sequence[FileBrief], areas: Sequence[AreaBrief], tree: Sequence[Route]) -> Routes:
        """Ask where files belong, from the areas down."""
        briefs = _numbered(files)
        question = Question(
            "encode/routes",
            Places,
            {
                "areas": showing.areas(areas),
                "places": showing.places(tree),
                "files": showing.file_lines(briefs),
                "count": len(briefs),
            },
            f"{files[0].path}, {len(files)} files",
            _room(len(files)),
        )

        def take(before: Reading[Route], answer: Places) -> tuple[Reading[Route], list[str]]:
            pairs = [(one.id, one.place) for one in answer.places]
            return _merged(before, read_places(pairs, _open(before, briefs), areas))

        outcome = await self._asker.ask(question, Reading[Route](), take)
        places = {briefs[one].path: route for one, route in outcome.values.values.items()}
        return Routes(places, _problems(outcome, {one: brief.path for one, brief in briefs.items()}))


def _added(before: Reading[str], pairs: list[tuple[str, str]], ids: list[str]) -> tuple[Reading[str], list[str]]:
    return _merged(before, read_phrases(pairs, _open(before, ids)))


def _open(before: Reading[T], ids: Sequence[str] | Mapping[str, object]) -> list[str]:
    """Ids that have no value yet."""
    return [one for one in ids if one not in before.values]


def _merged(before: Reading[T], now: Reading[T]) -> tuple[Reading[T], list[str]]:
    merged = Reading({**before.values, **now.values}, {one: now.problems[one] for one in now.problems if one})
    return merged, merged.lines


def _areas_of(before: tuple[AreaBrief, ...], answer: FoundAreas) -> tuple[tuple[AreaBrief, ...], list[str]]:
    found, problems = read_areas(answer.areas)
    return found or before, problems


def _together(parts: Sequence[Answers]) -> Answers:
    texts = {key: text for part in parts for key, text in part.texts.items()}
    return Answers(texts, tuple(problem for part in parts for problem in part.problems))


def _problems(outcome: Outcome[Reading[T]], subjects: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = outcome.values
    why = outcome.failure or _NOT_ASKED
    return tuple(
        (subject, found.problems.get(one, why)) for one, subject in subjects.items() if one not in found.values
    )


def _numbered(files: Sequence[FileBrief]) -> dict[str, FileBrief]:
    return {f"F{number}": brief for number, brief in enumerate(files, 1)}


def _room(count: int) -> int:
    return _LEAST_TOKENS + count * _ANSWER_TOKENS


def _rounds(files: Sequence[FileBrief]) -> list[list[FileBrief]]:
    """Files in parts of bounded length."""
    parts: list[list[FileBrief]] = [[]]
    length = 0
    for brief in files:
        size = len(brief.path) + len(brief.summary) + 12
        if length + size > _FILE_CHARACTERS:
            parts.append([])
            length = 0
        parts[-1].append(brief)
        length += size
    return parts
