"""Lifting with a model: features, summaries, areas and places, asked for once and kept by content.

(RPG-Encoder, arXiv 2602.02084, section 3.) What fails keeps its model-free features and is told of; no file is lost.
On evolving only what has a new hash is asked for, new and drifted files are routed into the areas that are there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from repowright.graph.encode.lift_batches import plan_batches
from repowright.graph.encode.lift_places import Placed, has_drifted, moved_routes, remaining_areas, word_marks
from repowright.graph.encode.lift_units import Block, LiftUnit
from repowright.graph.encode.lifter import AreaBrief, FileBrief, Lifter

FILES_AT_ONCE = 50
"""Most files of one question (the paper's bound)."""

_MOST_PHRASES = 40
_DOC = 400

T = TypeVar("T")
Keep = Callable[[Mapping[str, str]], None]
"""Told of new texts by key as soon as they come, so that an end at any moment loses none."""


class LiftFile(NamedTuple):
    """A file to be lifted; its node's id, model-free feature and documentation, and its units."""

    path: str
    node: str
    phrase: str
    doc: str
    blocks: tuple[Block, ...]

    @property
    def units(self) -> tuple[LiftUnit, ...]:
        """Units of all blocks, in source order."""
        return tuple(unit for block in self.blocks for unit in block.units)

    @property
    def says_something(self) -> bool:
        """Whether there is anything to summarise; a file that is as good as empty goes with its folder."""
        return bool(self.blocks or self.doc)


@dataclass(frozen=True)
class Memory:
    """What a model has said before.

    Parameters
    ----------
    texts
        Features and summaries by key.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    areas: tuple[AreaBrief, ...] = ()
    placed: Mapping[str, Placed] = field(default_factory=dict)


@dataclass(frozen=True)
class Lifted:
    """What a graph gets from a model.

    Parameters
    ----------
    features
        Feature by node id, of definitions and files; nodes that are not in it keep theirs.
    asked
        How many texts and routes the model wrote now.
    problems
        Pairs of what failed and why.
    """

    features: Mapping[str, str]
    areas: tuple[AreaBrief, ...]
    placed: Mapping[str, Placed]
    asked: int = 0
    problems: tuple[tuple[str, str], ...] = ()


async def lift(files: Sequence[LiftFile], memory: Memory, lifter: Lifter, keep: Keep = lambda texts: None) -> Lifted:
    """Ask a model for all that is not known yet.

    Raises
    ------
    Exception
        What the lifter raises, after all that was answered until then has been kept.
    """
    return await _Lifting(files, memory, lifter, keep).run()


def recall(files: Sequence[LiftFile], memory: Memory, present: Collection[str]) -> Lifted:
    """Return what a model has said of these files before, without asking any.

    Parameters
    ----------
    present
        Paths that the repository has; ``files`` may be a part of them, places are remembered of all.
    """
    texts = memory.texts
    features = {unit.node: texts[unit.key] for file in files for unit in file.units if unit.key in texts}
    features |= {file.node: texts[key] for file in files if (key := summary_key(file, texts)) in texts}
    marks = {file.path: word_marks(_said(file, texts)) for file in files if file.says_something}
    placed = {path: each for path, each in memory.placed.items() if path in present}
    placed |= moved_routes(memory.placed, marks, present)
    return Lifted(features, remaining_areas(memory.areas, placed), placed)


def summary_key(file: LiftFile, texts: Mapping[str, str]) -> str:
    """Return what a file's summary is kept by: its name, its documentation and the features of its units."""
    said = [file.path.rpartition("/")[2], file.doc[:_DOC], *(texts.get(unit.key, unit.phrase) for unit in file.units)]
    return hashlib.blake2b("\0".join(said).encode("utf-8", "replace"), digest_size=16).hexdigest()


class _Lifting:
    """One lifting, from units to places."""

    def __init__(self, files: Sequence[LiftFile], memory: Memory, lifter: Lifter, keep: Keep) -> None:
        self._files = sorted(files, key=lambda file: file.path)
        self._memory, self._lifter, self._keep = memory, lifter, keep
        self._texts = dict(memory.texts)
        self._problems: list[tuple[str, str]] = []
        self._asked = 0

    async def run(self) -> Lifted:
        await self._features()
        await self._summaries()
        memory = Memory(self._texts, self._memory.areas, self._memory.placed)
        known = recall(self._files, memory, {file.path for file in self._files})
        areas = self._memory.areas or await self._areas()
        placed = await self._routes(areas, known.placed)
        areas = remaining_areas(areas, placed)
        return Lifted(known.features, areas, placed, self._asked, tuple(self._problems))

    async def _features(self) -> None:
        missing = [
            Block(block.path, units)
            for file in self._files
            for block in file.blocks
            if (units := tuple(unit for unit in block.units if unit.key not in self._texts))
        ]
        await _all([self._ask_features(batch) for batch in plan_batches(_without_repeats(missing))])

    async def _ask_features(self, batch: tuple[Block, ...]) -> None:
        answers = await self._lifter.features(batch)
        self._learn(answers.texts, answers.problems)

    async def _summaries(self) -> None:
        waiting = [file for file in self._speaking() if summary_key(file, self._texts) not in self._texts]
        await _all([self._ask_summaries(part) for part in _parts(waiting)])

    async def _ask_summaries(self, files: Sequence[LiftFile]) -> None:
        answers = await self._lifter.summaries([self._brief(file) for file in files])
        keys = {file.path: summary_key(file, self._texts) for file in files}
        self._learn({keys[path]: text for path, text in answers.texts.items()}, answers.problems)

    async def _areas(self) -> tuple[AreaBrief, ...]:
        files = [self._brief(file) for file in self._speaking()]
        if not files:
            return ()
        areas = await self._lifter.areas(files)
        self._problems.extend(areas.problems)
        return areas.found

    async def _routes(self, areas: tuple[AreaBrief, ...], known: Mapping[str, Placed]) -> dict[str, Placed]:
        marks = {file.path: word_marks(_said(file, self._texts)) for file in self._files}
        lost = {path for path, each in known.items() if areas and each.route.area not in {area.name for area in areas}}
        drifted = {path for path, each in known.items() if has_drifted(each.words, marks.get(path, ()))} | lost
        placed = {path: each for path, each in known.items() if path not in drifted}
        waiting = [file for file in self._speaking() if file.path not in placed]
        for part in _parts(waiting) if areas else ():
            # One after the other: each sees the categories that the one before it made.
            tree = sorted({each.route for each in placed.values()})
            routes = await self._lifter.routes([self._brief(file) for file in part], areas, tree)
            self._problems.extend(routes.problems)
            self._asked += len(routes.places)
            placed |= {path: Placed(route, marks[path]) for path, route in routes.places.items()}
        return placed | {path: known[path] for path in drifted - placed.keys() - lost}

    def _speaking(self) -> list[LiftFile]:
        return [file for file in self._files if file.says_something]

    def _learn(self, texts: Mapping[str, str], problems: Sequence[tuple[str, str]]) -> None:
        self._texts.update(texts)
        self._asked += len(texts)
        self._problems.extend(problems)
        self._keep(texts)

    def _brief(self, file: LiftFile) -> FileBrief:
        named = [f"{unit.qualname}: {self._texts.get(unit.key, unit.phrase)}" for unit in file.units]
        summary = self._texts.get(summary_key(file, self._texts), file.phrase)
        return FileBrief(file.path, tuple(named[:_MOST_PHRASES]), " ".join(file.doc[:_DOC].split()), summary)


def _said(file: LiftFile, texts: Mapping[str, str]) -> list[str]:
    return [texts.get(unit.key, unit.phrase) for unit in file.units] or [file.doc[:_DOC]]


def _without_repeats(blocks: Sequence[Block]) -> list[Block]:
    """Blocks without units of the same key as one before: one answer serves both."""
    seen: set[str] = set()
    found = []
    for block in blocks:
        fresh = []
        for unit in block.units:
            if unit.key not in seen:
                seen.add(unit.key)
                fresh.append(unit)
        if fresh:
            found.append(Block(block.path, tuple(fresh)))
    return found


def _parts(files: Sequence[LiftFile]) -> list[Sequence[LiftFile]]:
    return [files[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]


async def _all(tasks: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all to their end, then raise the first error: what the others were paid for is kept."""
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
