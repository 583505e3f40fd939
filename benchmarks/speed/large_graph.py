"""A graph of any size that looks like an encoded repository; the same size gives the same graph."""

from __future__ import annotations

import random

from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Place

METHODS = 8
CLASSES = 2
FILES_AN_AREA = 60
_VERBS = ("parse", "render", "load", "check", "merge", "resolve", "write", "convert", "find", "close")
_NOUNS = ("query", "model", "field", "form", "token", "header", "cache", "session", "route", "template", "index")


def large_graph(nodes: int, seed: int = 1) -> RPG:
    """Return a graph of about that many nodes, with three dependencies a definition.

    Parameters
    ----------
    nodes
        About 1 in 19 is a file, 2 in 19 are classes, the rest methods.
    """
    chance = random.Random(seed)
    rpg = RPG.new("large", "stand in for an encoded repository")
    units: list[str] = []
    files: list[str] = []
    for number in range(max(nodes // (1 + CLASSES * (METHODS + 1)), 1)):
        files.append(_file(rpg, number, chance, units))
    for at, file in enumerate(files[1:], 1):
        rpg.connect(file, files[chance.randrange(at)], EdgeKind.IMPORTS)
    for at, unit in enumerate(units[1:], 1):
        for target in {units[chance.randrange(at)] for _ in range(3)} - {unit}:
            sure = chance.choice((1.0, 1.0, 0.7))
            rpg.connect(unit, target, EdgeKind.CALLS, lines=[chance.randint(1, 900)], confidence=sure)
    return rpg


def _file(rpg: RPG, number: int, chance: random.Random, units: list[str]) -> str:
    area = rpg.by_name(NodeKind.AREA, f"Area {number // FILES_AN_AREA}")
    above = area[0] if area else rpg.add(NodeKind.AREA, f"Area {number // FILES_AN_AREA}", rpg.root.id)
    path = f"large/{_NOUNS[number % len(_NOUNS)]}s/{chance.choice(_NOUNS)}_{number}.py"
    file = rpg.add(
        NodeKind.FILE, path.rpartition("/")[2], above.id, place=Place(path), feature=_phrase(chance),
        state=State.IMPLEMENTED,
    )  # fmt: skip
    for one in range(CLASSES):
        name = f"{chance.choice(_NOUNS).title()}{number}x{one}"
        start = 10 + one * 400
        place = Place(path, name, (start, start + 390), f"class {name}(Base)")
        owner = rpg.add(NodeKind.CLASS, name, file.id, place=place, feature=_phrase(chance), state=State.IMPLEMENTED)
        units += [_method(rpg, owner.id, path, name, start + 5 + 40 * at, at, chance) for at in range(METHODS)]
    return file.id


def _method(rpg: RPG, owner: str, path: str, above: str, line: int, number: int, chance: random.Random) -> str:
    name = f"{chance.choice(_VERBS)}_{chance.choice(_NOUNS)}_{number}"
    place = Place(path, f"{above}.{name}", (line, line + 30), f"def {name}(self, value: int, *, strict: bool) -> str")
    doc = f"{_phrase(chance).capitalize()} and tell what happened."
    return rpg.add(
        NodeKind.METHOD, name, owner, place=place, feature=_phrase(chance), doc=doc, state=State.IMPLEMENTED
    ).id


def _phrase(chance: random.Random) -> str:
    return f"{chance.choice(_VERBS)} the {chance.choice(_NOUNS)} of a {chance.choice(_NOUNS)}"
