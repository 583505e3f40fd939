"""What the model answers when lifting, and what may be wrong with it: lists of precise errors it is told once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from repowright.graph.encode.lifter import AreaBrief, Route

FEWEST, MOST = 3, 8
"""Words of a feature (the paper's bounds)."""

MOST_AREAS = 20
_RESERVED = frozenset(["tests", "test", "testing"])
_VAGUE = frozenset(["utils", "utilities", "core", "common", "misc", "miscellaneous", "other", "general", "helpers"])
_NO_VERBS = frozenset(["the", "a", "an", "this", "that", "it", "class", "function", "method", "file", "module"])
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_CATEGORY = re.compile(r"[^\W_][\w&+.,' -]*")

T = TypeVar("T")


@dataclass(frozen=True)
class _Problem:
    """What is wrong with a text."""

    text: str


class FeatureOf(BaseModel):
    id: str
    feature: str


class Features(BaseModel):
    features: list[FeatureOf]


class SummaryOf(BaseModel):
    id: str
    summary: str


class Summaries(BaseModel):
    summaries: list[SummaryOf]


class FoundArea(BaseModel):
    name: str
    purpose: str


class FoundAreas(BaseModel):
    areas: list[FoundArea]


class PlaceOf(BaseModel):
    id: str
    place: str


class Places(BaseModel):
    places: list[PlaceOf]


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What an answer is good for: values by id, and what is wrong with the rest.

    Parameters
    ----------
    problems
        By id; those of an answer that belong to none have the id ``""``.
    """

    values: Mapping[str, T] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The problems as the model is told them."""
        return [f"{one}: {problem}" if one else problem for one, problem in self.problems.items()]


def read_phrases(pairs: Iterable[tuple[str, str]], ids: Sequence[str]) -> Reading[str]:
    """Read features or summaries by id.

    Examples
    --------
    >>> reading = read_phrases([("U1", "Parse CSV rows."), ("U3", "parse")], ["U1", "U2"])
    >>> reading.values
    {'U1': 'parse csv rows'}
    >>> reading.lines
    ["'U3' is none of the ids that were asked for", 'U2: has no answer']
    """
    return _read(pairs, ids, _phrase)


def read_places(pairs: Iterable[tuple[str, str]], ids: Sequence[str], areas: Sequence[AreaBrief]) -> Reading[Route]:
    """Read where files belong, by id."""
    names = {area.name.casefold(): area.name for area in areas}
    return _read(pairs, ids, lambda text: _place(text, names))


def read_areas(found: Sequence[FoundArea]) -> tuple[tuple[AreaBrief, ...], list[str]]:
    """Read areas, and what is wrong with those that cannot be used."""
    areas: dict[str, AreaBrief] = {}
    problems = []
    for each in found:
        name = _pascal(each.name)
        problem = _area_problem(name, each, areas.keys())
        if problem:
            problems.append(f"{each.name!r} {problem}")
        else:
            areas[name.casefold()] = AreaBrief(name, " ".join(each.purpose.split()))
    if len(areas) > MOST_AREAS:
        problems.append(f"{len(areas)} areas are too many: merge them to {MOST_AREAS} at most")
    if not found:
        problems.append("`areas` is empty")
    return tuple(areas.values())[:MOST_AREAS], problems


def _read(pairs: Iterable[tuple[str, str]], ids: Sequence[str], read: Callable[[str], T | _Problem]) -> Reading[T]:
    values: dict[str, T] = {}
    problems: dict[str, str] = {}
    wanted = set(ids)
    for one, text in pairs:
        if one not in wanted:
            problems.setdefault("", f"{one!r} is none of the ids that were asked for")
            continue
        found = read(text)
        if isinstance(found, _Problem):
            problems[one] = found.text
        else:
            values.setdefault(one, found)
    problems |= {one: "has no answer" for one in ids if one not in values and one not in problems}
    return Reading(values, {one: problem for one, problem in problems.items() if one not in values})


def _phrase(text: str) -> str | _Problem:
    words = text.strip().strip(".`\"'").lower().split()
    if not FEWEST <= len(words) <= MOST:
        return _Problem(f"{text!r} has {len(words)} words, not {FEWEST} to {MOST}")
    if words[0] in _NO_VERBS:
        return _Problem(f"{text!r} begins with {words[0]!r}, not with a verb")
    if "_" in text or "()" in text or "`" in text:
        return _Problem(f"{text!r} names code instead of saying what it is for")
    return " ".join(words)


def _place(text: str, names: Mapping[str, str]) -> Route | _Problem:
    area, *categories = [" ".join(part.split()) for part in text.strip().strip("/").split("/")]
    if area.casefold() not in names:
        return _Problem(f"there is no area {area!r}; the areas are {', '.join(names.values())}")
    if not 1 <= len(categories) <= 2:
        return _Problem(f"{text!r} is not Area/category or Area/category/subcategory")
    for category in categories:
        if not _CATEGORY.fullmatch(category) or len(category.split()) > 5:
            return _Problem(f"the category {category!r} is not one to four words")
    return Route(names[area.casefold()], tuple(category.lower() for category in categories))


def _pascal(name: str) -> str:
    words = re.findall(r"[^\W_]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words)


def _area_problem(name: str, area: FoundArea, taken: Iterable[str]) -> str:
    if not _PASCAL.fullmatch(name) or len(name) > 60:
        return "is not a name of one to four words in PascalCase"
    if name.casefold() in taken:
        return "is listed twice"
    if name.casefold() in _RESERVED:
        return "is the area of the tests already: leave it out"
    if name.casefold() in _VAGUE:
        return "fits anything: name the responsibility"
    return "" if area.purpose.strip() else "has no purpose"
