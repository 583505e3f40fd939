"""What the model sees first: the functions of the files that retrieval ranks highest, each with what it does.

All functions that a fix edits lie in the five highest files in four of five issues; the graph's use is to choose
among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG, Node

FILES = 8
"""Files whose functions are listed."""

STARS = 20
"""Functions that retrieval ranks highest; they carry a star, and those outside the listed files are added."""

MOST_CHARACTERS = 16_000
_UNITS_OF_A_FILE = 70
_FUNCTIONS = (NodeKind.FUNCTION, NodeKind.METHOD)


def survey(rpg: RPG, files: Sequence[str], functions: Sequence[str], *, features: bool = True) -> str:
    """Return the candidates as text, best file first, at most `MOST_CHARACTERS` long.

    Parameters
    ----------
    files
        Paths, best first.
    functions
        ``path:Qualified.name``, best first.
    features
        Whether to say what each function does.
    """
    stars = list(functions[:STARS])
    starred = set(stars)
    blocks: list[str] = []
    room = MOST_CHARACTERS
    for path in files[:FILES]:
        block = _file(rpg, path, starred, features)
        if len(block) > room:
            block = _shortened(block, room)
        if block:
            blocks.append(block)
            room -= len(block)
    listed = set(files[:FILES])
    elsewhere = [entity for entity in stars if entity.partition(":")[0] not in listed]
    lines = [line for entity in elsewhere if (line := _elsewhere(rpg, entity, features))]
    return "\n\n".join([*blocks, *(["Elsewhere:\n" + "\n".join(lines)] if lines else [])])


def _file(rpg: RPG, path: str, starred: set[str], features: bool) -> str:
    file = rpg.find(path)
    if file is None:
        return ""
    units = [unit for unit in rpg.descendants(file.id, *_FUNCTIONS) if unit.place is not None]
    shown = _chosen(units, starred)
    head = f"{path}" + (f": {file.feature}" if features and file.feature else "")
    left = len(units) - len(shown)
    more = [f"  ({left} more: fetch {path})"] if left else []
    return "\n".join([head, *(_line(unit, starred, features) for unit in shown), *more])


def _chosen(units: Sequence[Node], starred: set[str]) -> list[Node]:
    """Return the starred functions and as many others as there is room for, in the order of the file."""
    if len(units) <= _UNITS_OF_A_FILE:
        return list(units)
    wanted = {unit.id for unit in units if unit.label in starred}
    for unit in units:
        if len(wanted) >= _UNITS_OF_A_FILE:
            break
        wanted.add(unit.id)
    return [unit for unit in units if unit.id in wanted]


def _line(unit: Node, starred: set[str], features: bool) -> str:
    mark = "*" if unit.label in starred else "-"
    span = unit.place.span if unit.place else None
    where = f" ({span[0]}-{span[1]})" if span else ""
    what = f": {unit.feature}" if features and unit.feature else ""
    return f"  {mark} {unit.qualname}{where}{what}"


def _elsewhere(rpg: RPG, entity: str, features: bool) -> str:
    path, _, qualname = entity.partition(":")
    unit = rpg.find(path, qualname)
    if unit is None:
        return ""
    what = f": {unit.feature}" if features and unit.feature else ""
    return f"  * {entity}{what}"


def _shortened(block: str, room: int) -> str:
    lines = block.split("\n")
    kept = lines[:1] + [line for line in lines[1:] if line.startswith("  *")]
    text = "\n".join([*kept, "  (others left out: fetch the path)"])
    return text if len(text) <= room else ""
