"""Grouping by a model: the tests of several classes a question, and syntax where an answer cannot be used."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from repowright.agent.workflows.lift.asking import Asker, Question
from repowright.benchmarks.repocraft.construction.grouping import MOST, Group, by_class, category_of, grouped, module_of
from repowright.benchmarks.repocraft.construction.records import FoundTest
from repowright.benchmarks.repocraft.construction.words import class_words, words_of

_MOST_TESTS = 120
"""Tests in one question."""

_PROMPT = "repocraft/group"
_ANSWER_TOKENS, _LEAST_TOKENS = 40, 2_000
_MOST_CALLS, _MOST_WORDS = 6, 10


class CapabilityOf(BaseModel):
    capability: str
    tests: list[str]


class Capabilities(BaseModel):
    groups: list[CapabilityOf]


@dataclass(frozen=True)
class ModelGroups:
    """Groups, and what of the answers could not be used."""

    groups: tuple[Group, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Taken:
    """Usable groups of the answers so far: the ids of the tests, with the capability."""

    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def ids(self) -> set[str]:
        return {one for _, ids in self.groups for one in ids}


async def grouped_by_model(asker: Asker, tests: Sequence[FoundTest], package: str) -> ModelGroups:
    """Group tests by capability; those that the model leaves out or misplaces are grouped by syntax."""
    batches = list(_batches(tests))
    found = await asyncio.gather(*(_ask(asker, batch, package) for batch in batches))
    groups = [group for one in found for group in one.groups]
    return ModelGroups(tuple(_told_apart(groups)), tuple(problem for one in found for problem in one.problems))


async def _ask(asker: Asker, batch: Sequence[FoundTest], package: str) -> ModelGroups:
    ids = {f"T{number}": test for number, test in enumerate(batch, 1)}
    question = Question(
        _PROMPT,
        Capabilities,
        {"tests": _shown(ids), "count": len(ids), "most": MOST},
        f"{batch[0].file}, {len(batch)} tests",
        max(_LEAST_TOKENS, _ANSWER_TOKENS * len(ids)),
        again="the tests these points name",
    )
    outcome = await asker.ask(question, _Taken(), lambda before, answer: _take(before, answer, ids))
    by_model = [
        _group(capability, [ids[one] for one in chosen], package, f"model:{asker.model}")
        for capability, chosen in outcome.values.groups
    ]
    left = [test for one, test in ids.items() if one not in outcome.values.ids]
    why = outcome.failure or "; ".join(outcome.problems[:2])
    problems = (f"{batch[0].file}: {len(left)} tests are grouped by syntax: {why}",) if left else ()
    return ModelGroups((*by_model, *grouped(left, package)), problems)


def _take(before: _Taken, answer: Capabilities, ids: Mapping[str, FoundTest]) -> tuple[_Taken, list[str]]:
    """Add the groups of an answer that can be used, and say what is wrong with the others."""
    groups, problems = list(before.groups), []
    seen = before.ids
    for each in answer.groups:
        chosen = tuple(sorted(dict.fromkeys(each.tests), key=lambda one: int(one[1:]) if one in ids else 0))
        problem = _problem(each.capability, chosen, ids, seen)
        if problem:
            problems.append(f"{each.capability!r} {problem}")
        else:
            groups.append((" ".join(each.capability.lower().split()).rstrip("."), chosen))
            seen |= set(chosen)
    problems += [f"{one} is in no group" for one in ids if one not in seen]
    return _Taken(tuple(groups)), problems


def _problem(capability: str, chosen: Sequence[str], ids: Mapping[str, FoundTest], seen: set[str]) -> str:
    unknown = [one for one in chosen if one not in ids]
    if unknown or not chosen:
        return f"names {', '.join(unknown) or 'no test'}"
    if again := [one for one in chosen if one in seen]:
        return f"holds {again[0]}, which is in another group already"
    if len({(ids[one].file, ids[one].runs_as) for one in chosen}) > 1:
        return "holds tests of several classes"
    if len(chosen) > MOST:
        return f"holds {len(chosen)} tests; {MOST} is the most"
    if not 2 <= len(capability.split()) <= _MOST_WORDS or "_" in capability:
        return "is not three to eight plain words"
    return ""


def _group(capability: str, tests: Sequence[FoundTest], package: str, grouped_by: str) -> Group:
    first = tests[0]
    return Group(category_of(first.file, package), first.file, module_of(first), capability, tuple(tests), grouped_by)


def _told_apart(groups: Sequence[Group]) -> Iterator[Group]:
    """Number capabilities that two answers about one class have in common."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for group in groups:
        key = (group.file, group.module, group.cap)
        seen[key] += 1
        cap = group.cap if seen[key] == 1 else f"{group.cap} ({seen[key]})"
        yield Group(group.category, group.file, group.module, cap, group.tests, group.grouped_by)


def _batches(tests: Sequence[FoundTest]) -> Iterator[list[FoundTest]]:
    """Put whole classes together up to the size of a question; cut those that are larger."""
    batch: list[FoundTest] = []
    for _, members in by_class(tests):
        for start in range(0, len(members), _MOST_TESTS):
            part = members[start : start + _MOST_TESTS]
            if batch and len(batch) + len(part) > _MOST_TESTS:
                yield batch
                batch = []
            batch = [*batch, *part]
    if batch:
        yield batch


def _shown(ids: Mapping[str, FoundTest]) -> str:
    lines: list[str] = []
    place = ("", "")
    for one, test in ids.items():
        if (test.file, test.runs_as) != place:
            place = (test.file, test.runs_as)
            lines += ["", f"## {test.file}: {class_words(test.runs_as) or 'functions'}"]
        says = f": {test.says[:160]}" if test.says else ""
        calls = ", ".join(" ".join(words_of(name.rpartition(".")[2])) for name in test.calls[:_MOST_CALLS])
        lines.append(f"{one} {test.name}{says}" + (f" [calls {calls}]" if calls else ""))
    return "\n".join(lines).strip()
