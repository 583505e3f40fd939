"""Reading named nodes: code, metadata and feature path (FetchNode of RPG-Encoder, section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.graph.cards import Card, as_json, card
from repowright.graph.errors import UnknownNode
from repowright.graph.kinds import DEPENDENCY_KINDS, UNIT_KINDS, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.references import References
from repowright.graph.sources import NoSources, Sources, lines_of, numbered

MOST_LINES = 200
"""Lines of code shown of one entity."""
MOST_LINES_IN_ALL = 800
MOST_MEMBERS = 80
_WHOLE_FILE = 60
_LINES = re.compile(r"(?P<path>.+?)(?::|#L)(?P<first>\d+)[-:]L?(?P<last>\d+)")


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a file, ``text`` with their numbers; ``left_out`` says what is missing and how to get it."""

    path: str
    first: int
    last: int
    text: str
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class FetchedNode:
    """One node as it was asked for.

    Parameters
    ----------
    members
        What it contains, or defines.
    callers, callees
        How many nodes need it and how many it needs, what lies inside it included.
    note
        Why there is no code, or how far it can be relied on; empty if all is well.
    """

    reference: str
    card: Card
    doc: str
    code: Code | None
    members: tuple[Card, ...]
    members_left_out: int
    callers: int
    callees: int
    note: str = ""

    def text(self) -> str:
        """Return the node for a model: facts, outline and code."""
        about = self.card
        head = [f"## {about.text()}"]
        head += [f"area: {about.area}"] if about.area else []
        if self.callers or self.callees:
            head.append(f"needed by {self.callers}, needs {self.callees}")
        if self.code is None and about.signature:
            head.append(f"signature: {about.signature}")
        if self.code is None and self.doc:
            head.append(self.doc)
        listed = [f"- {_relative(member, about)}" for member in self.members]
        if self.members_left_out:
            listed.append(f"- and {self.members_left_out} more; fetch one by its name, or lines as path:FIRST-LAST")
        shown = [] if self.code is None else [self.code.text]
        shown += [self.code.left_out] if self.code and self.code.left_out else []
        return "\n".join([*head, *listed, *([f"note: {self.note}"] if self.note else []), *shown])


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that no single node answers to, and why."""

    reference: str
    problem: str


@dataclass(frozen=True, slots=True)
class Fetching:
    """What was asked for, in that order, and what could not be had."""

    nodes: tuple[FetchedNode, ...]
    missing: tuple[Missing, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why entities are missing."""
        return tuple(each.problem for each in self.missing)

    def text(self, *, problems: bool = True) -> str:
        """Return everything for a model, with what is missing or without."""
        errors = [f"error: {each}" for each in self.problems if problems]
        return "\n\n".join([*(node.text() for node in self.nodes), *errors])

    def as_json(self) -> str:
        """Return everything as one line of JSON."""
        return as_json(self)


def fetch(
    rpg: RPG,
    code_entities: Sequence[str] = (),
    feature_entities: Sequence[str] = (),
    *,
    sources: Sources | None = None,
    references: References | None = None,
    most_lines: int = MOST_LINES,
) -> Fetching:
    """Return the nodes that are named; what cannot be found is told beside the others, never raised.

    Parameters
    ----------
    code_entities
        Anything `References` understands; ``path:FIRST-LAST`` gives these lines.
    feature_entities
        Names of areas, ``Area/Category`` or feature phrases.
    references
        Of this graph, to share between calls.
    """
    reader = _Reader(rpg, sources or NoSources(), most_lines)
    known = references or References(rpg)
    fetched: list[FetchedNode] = []
    missing: list[Missing] = []
    for reference in dict.fromkeys([*code_entities, *feature_entities]):
        try:
            nodes = known.nodes(reference)
        except UnknownNode as error:
            missing.append(Missing(reference, str(error)))
            continue
        fetched += [reader.read(reference, node) for node in nodes]
    return Fetching(tuple(fetched), tuple(missing))


class _Reader:
    """Reads nodes one after the other, within the lines that one answer may hold."""

    def __init__(self, rpg: RPG, sources: Sources, most_lines: int) -> None:
        self._rpg = rpg
        self._sources = sources
        self._most = most_lines
        self._left = max(MOST_LINES_IN_ALL, most_lines)

    def read(self, reference: str, node: Node) -> FetchedNode:
        rpg = self._rpg
        lines = _LINES.fullmatch(reference.strip())
        code, note = self._code(node, (int(lines["first"]), int(lines["last"])) if lines else None)
        members = [] if lines else [card(rpg, child) for child in rpg.children(node.id) if _is_member(child)]
        above, below = _neighbours(rpg, node)
        shown = tuple(members[:MOST_MEMBERS])
        return FetchedNode(
            reference, card(rpg, node), node.doc, code, shown, len(members) - len(shown), above, below, note
        )

    def _code(self, node: Node, lines: tuple[int, int] | None) -> tuple[Code | None, str]:
        if not node.path or node.kind in (NodeKind.REPOSITORY, NodeKind.DIRECTORY):
            return None, ""
        text = self._sources.text(node.path)
        if text is None:
            return None, f"no source of {node.path} at hand; what the graph knows is above"
        found = lines_of(text)
        wanted = lines or (node.place.span if node.place else None) or (1, len(found))
        if node.kind is NodeKind.FILE and lines is None:
            return self._small_file(node.path, found)
        if wanted[0] > len(found):
            return None, f"{node.path} has {len(found)} lines now; it has changed since the graph was made"
        stale = "" if lines else _staleness(node, found, wanted)
        return self._shown(node.path, found, wanted), stale

    def _small_file(self, path: str, found: list[str]) -> tuple[Code | None, str]:
        if not found:
            return None, "the file is empty"
        if len(found) > _WHOLE_FILE:
            return None, f"{len(found)} lines; fetch a definition, or lines as {path}:1-{min(len(found), self._most)}"
        return self._shown(path, found, (1, len(found))), ""

    def _shown(self, path: str, found: list[str], wanted: tuple[int, int]) -> Code | None:
        first, last = max(wanted[0], 1), min(wanted[1], len(found))
        room = max(min(self._most, self._left), 0)
        end = min(last, first + room - 1)
        self._left -= max(end - first + 1, 0)
        rest = f"... {last - end} more lines; fetch {path}:{end + 1}-{last}" if end < last else ""
        return Code(path, first, end, numbered(found[first - 1 : end], first) if end >= first else "", rest)


def _staleness(node: Node, found: list[str], span: tuple[int, int]) -> str:
    """Say so where the lines do not hold the name: the source is not the one that the graph was made from."""
    last = node.name.rpartition(".")[2]
    if any(last in line for line in found[span[0] - 1 : span[1]]) or not last.isidentifier():
        return ""
    return f"lines {span[0]}-{span[1]} do not name {node.name}: the file has changed since the graph was made"


def _neighbours(rpg: RPG, node: Node) -> tuple[int, int]:
    if node.kind not in UNIT_KINDS | {NodeKind.FILE}:
        return 0, 0
    inside = {node.id, *(each.id for each in rpg.descendants(node.id))}
    above = {edge.src for each in inside for edge in rpg.in_edges(each, *DEPENDENCY_KINDS)}
    below = {edge.dst for each in inside for edge in rpg.out_edges(each, *DEPENDENCY_KINDS)}
    return len(above - inside), len(below - inside)


def _is_member(node: Node) -> bool:
    return node.kind is not NodeKind.FEATURE


def _relative(member: Card, owner: Card) -> str:
    """Return a member's line without the path that the owner's has already."""
    path = owner.label.partition(":")[0]
    said = f": {member.feature}" if member.feature else ""
    name = member.label.removeprefix(f"{path}:")
    head = member.signature if member.kind in UNIT_KINDS and len(member.signature) <= 160 else ""
    return f"{name} [{member.facts}] {head}{said}".replace("]  ", "] ").replace("] :", "]:").rstrip()
