"""What the model sees first: the functions of the files that retrieval ranks highest, each with what it does.

All functions that a fix edits lie in the five highest files in four of five issues; the graph's use is to choose
among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG, Node

FILES = 6
"""Files whose functions are listed."""

STARS = 20
"""Functions that retrieval ranks highest: they are told with lines and purpose, all others by name alone."""

MOST_CHARACTERS = 8_000
_FUNCTIONS = (NodeKind.FUNCTION, NodeKind.METHOD)


def survey(rpg: RPG, files: Sequence[str], functions: Sequence[str], *, features: bool = True) -> str:
    """Return the candidates as text, best file first, at most about `MOST_CHARACTERS` long.

    Parameters
    ----------
    files
        Paths, best first.
    functions
        ``path:Qualified.name``, best first.
    features
        Whether to say what each function does.
    """
    stars = {entity: place for place, entity in enumerate(functions[:STARS], 1)}
    listed = files[:FILES]
    blocks: list[str] = []
    room = MOST_CHARACTERS
    for path in [*listed, *_elsewhere(stars, listed)]:
        block = _file(rpg, path, stars, features, room if path in listed else 0)
        if block:
            blocks.append(block)
            room = max(room - len(block), 0)
    return "\n\n".join(blocks)


def _elsewhere(stars: Mapping[str, int], listed: Sequence[str]) -> list[str]:
    """Return the other files that hold functions of the ranking, best first."""
    return [path for path in dict.fromkeys(entity.partition(":")[0] for entity in stars) if path not in listed]


def _file(rpg: RPG, path: str, stars: Mapping[str, int], features: bool, room: int) -> str:
    """Return a file with its starred functions, and the names of the others if there is room for them."""
    file = rpg.find(path)
    if file is None:
        return ""
    units = [unit for unit in rpg.descendants(file.id, *_FUNCTIONS) if unit.place is not None]
    starred = sorted((unit for unit in units if unit.label in stars), key=lambda unit: stars[unit.label])
    head = path + (f": {file.feature}" if features and file.feature else "")
    text = "\n".join([head, *(_line(unit, stars[unit.label], features) for unit in dict.fromkeys(starred))])
    others = [unit for unit in units if unit.label not in stars]
    if not others:
        return text
    names = f"\n  others: {_names(others)}"
    return text + (names if len(text) + len(names) <= room else f"\n  {len(others)} others: fetch the path")


def _line(unit: Node, place: int, features: bool) -> str:
    span = unit.place.span if unit.place else None
    where = f" ({span[0]}-{span[1]})" if span else ""
    what = f": {unit.feature}" if features and unit.feature else ""
    return f"  *{place} {unit.qualname}{where}{what}"


def _names(units: Sequence[Node]) -> str:
    """Return names of functions, those of a class behind its name."""
    grouped: dict[str, list[str]] = {}
    for unit in units:
        owner, _, name = unit.qualname.rpartition(".")
        grouped.setdefault(owner, [])
        if name not in grouped[owner]:
            grouped[owner].append(name)
    return "; ".join(f"{owner}: {', '.join(names)}" if owner else ", ".join(names) for owner, names in grouped.items())
