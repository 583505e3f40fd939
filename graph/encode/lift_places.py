"""Where lifted files hang: routes of a model where there are any, else the model-free plan; no file is left out."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from repowright.graph.encode.areas import TESTS, Group
from repowright.graph.encode.lifter import AreaBrief, Route

DRIFT = 0.6
"""Share of a file's words that must have changed before it is routed anew (the paper's semantic shift)."""

_WORD = re.compile(r"[^\W_]+")


class Placed(NamedTuple):
    """A file's route, and the words it was decided on, as sorted hashes."""

    route: Route
    words: tuple[int, ...] = ()


def word_marks(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the words of some texts as sorted hashes."""
    return tuple(sorted({zlib.crc32(word.encode()) for text in texts for word in _WORD.findall(text.casefold())}))


def has_drifted(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether a file is about something else now: the Jaccard distance of its words is above `DRIFT`.

    Examples
    --------
    >>> has_drifted([1, 2, 3, 4], [1, 2, 3, 5]), has_drifted([1, 2], [3, 4])
    (False, True)
    """
    old, new = set(before), set(after)
    together = len(old | new)
    return together > 0 and 1 - len(old & new) / together > DRIFT


def moved_routes(
    placed: Mapping[str, Placed], marks: Mapping[str, tuple[int, ...]], present: Collection[str]
) -> dict[str, Placed]:
    """Return the routes that new files inherit from files that are gone and said the same: renamed ones."""
    gone: dict[tuple[int, ...], list[str]] = {}
    for path in sorted(placed.keys() - set(present)):
        gone.setdefault(placed[path].words, []).append(path)
    found = {}
    for path in sorted(marks.keys() - placed.keys()):
        waiting = gone.get(marks[path])
        if waiting and marks[path]:
            found[path] = placed[waiting.pop(0)]
    return found


def lifted_groups(plan: Sequence[Group], placed: Mapping[str, Placed]) -> list[Group]:
    """Put the routed files of a model-free plan where a model wants them; a category inside another follows a slash.

    A file without a route goes where most of its folder went; tests stay where they are. An area or category that
    no file is left in is gone (the paper's PruneOrphans).
    """
    if not placed:
        return list(plan)
    by_folder = _routes_by_folder(placed)
    found: dict[tuple[str, str], list[str]] = {}
    for group in plan:
        for path in group.paths:
            route = None if group.area == TESTS else _route(path, placed, by_folder)
            place = (route.area, "/".join(route.categories)) if route else (group.area, group.category)
            found.setdefault(place, []).append(path)
    return [Group(area, category, tuple(sorted(paths))) for (area, category), paths in sorted(found.items())]


def remaining_areas(areas: Sequence[AreaBrief], placed: Mapping[str, Placed]) -> tuple[AreaBrief, ...]:
    """Return the areas that still have files."""
    used = {each.route.area for each in placed.values()}
    return tuple(area for area in areas if area.name in used)


def _route(path: str, placed: Mapping[str, Placed], by_folder: Mapping[str, Route]) -> Route | None:
    if path in placed:
        return placed[path].route
    folder = path.rpartition("/")[0]
    while folder:
        if folder in by_folder:
            return by_folder[folder]
        folder = folder.rpartition("/")[0]
    return None


def _routes_by_folder(placed: Mapping[str, Placed]) -> dict[str, Route]:
    counts: dict[str, Counter[Route]] = {}
    for path, each in placed.items():
        counts.setdefault(path.rpartition("/")[0], Counter())[each.route] += 1
    return {folder: min(routes, key=lambda route: (-routes[route], route)) for folder, routes in counts.items()}
