"""The plan as Markdown that a person edits between stages.

::

    # shop -- sell things <!-- 4f0c2a -->

    ## Cart -- hold what a customer wants <!-- 91be77 -->

    - feature: show the total <!-- 0d3c55 -->
    - file: shop/cart.py <!-- 7a6640 -->
      - class: Cart <!-- c2f1d9 -->
        - feature: add an item <!-- e80b13 -->

The comment at the end of a line ties it to its node. A line can be renamed, re-worded, moved or deleted; a
line without a comment is new. What a line does not show (signatures, specifications, edges) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from repowright.graph.errors import DuplicateNode, GraphError, SchemaError
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG, Node, Place

_SEPARATOR = " -- "
_GUIDE = (
    "<!-- Rename, re-word, move or delete lines; add lines without a comment, such as '- feature: do this'."
    " The comment at the end of a line ties it to its node: keep it. -->"
)
_HEADING = re.compile(r"(?P<marks>#+)\s+(?P<rest>.*)")
_BULLET = re.compile(r"(?P<indent>\s*)[-*+]\s+(?P<kind>[a-z]+):\s+(?P<rest>.*)")
_HANDLE = re.compile(r"(?P<text>.*?)\s*<!--\s*(?P<handle>\S+)\s*-->")
_HEADINGS = {"#": NodeKind.REPOSITORY, "##": NodeKind.AREA}
_PATH_KINDS = frozenset({NodeKind.FILE, NodeKind.DIRECTORY})
_LISTED = {kind.value: kind for kind in NodeKind if kind not in _HEADINGS.values()}
_SHORTEST = 6
"""Hex digits of an id that a line shows at least."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One node as the text tells it; ``above`` is the index of its parent's line, -1 for the repository."""

    number: int
    kind: NodeKind
    name: str
    feature: str
    handle: str
    above: int


def to_markdown(rpg: RPG) -> str:
    """Return the tree as Markdown: areas as headings, all else as nested bullets."""
    handles = _handles(rpg.nodes())
    lines = [f"# {_shown(rpg.root)} <!-- {handles[rpg.root.id]} -->", "", _GUIDE, ""]
    lines += _bullets(rpg, rpg.root.id, handles)
    for area in rpg.children(rpg.root.id, NodeKind.AREA):
        lines += ["", f"## {_shown(area)} <!-- {handles[area.id]} -->", ""]
        lines += _bullets(rpg, area.id, handles)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def from_markdown(text: str, base: RPG) -> RPG:
    """Return ``base`` as the edited text tells it; ``base`` itself is not changed.

    Parameters
    ----------
    text
        What `to_markdown` made of ``base``, edited.

    Raises
    ------
    SchemaError
        If a line is unreadable, names no node or one that another line names, or breaks an invariant; the
        message says which line.
    """
    lines = _parse(text)
    known = {handle: node_id for node_id, handle in _handles(base.nodes()).items()}
    rpg = base.copy()
    named = _named_ids(lines, known)
    placed: list[str] = []
    for line in lines:
        above = placed[line.above] if line.above >= 0 else None
        try:
            placed.append(_apply(rpg, base, line, known.get(line.handle), above, named))
        except SchemaError:
            raise
        except GraphError as err:
            raise SchemaError(f"line {line.number}: {err.message}", err.hint) from err
    kept = set(placed)
    for node in base.nodes():
        if node.id in rpg and node.id not in kept:
            rpg.remove(node.id)
    return rpg


def _handles(nodes: Iterable[Node]) -> dict[str, str]:
    """Return, by id, the shortest ends of the ids that tell them apart."""
    ids = {node.id: node.id.rpartition(":")[2] for node in nodes}
    for length in range(_SHORTEST, 17):
        short = {node_id: digest[:length] for node_id, digest in ids.items()}
        if len(set(short.values())) == len(short):
            return short
    return {node_id: node_id for node_id in ids}


def _bullets(rpg: RPG, node_id: str, handles: dict[str, str], depth: int = 0) -> list[str]:
    lines = []
    for child in rpg.children(node_id, *_LISTED.values()):
        lines.append(f"{'  ' * depth}- {child.kind.value}: {_shown(child)} <!-- {handles[child.id]} -->")
        lines += _bullets(rpg, child.id, handles, depth + 1)
    return lines


def _shown(node: Node) -> str:
    name, feature = _texts(node)
    return _escaped(name) + (_SEPARATOR + _escaped(feature) if feature else "")


def _texts(node: Node) -> tuple[str, str]:
    """Return the two texts a line shows: the name, or path, and the phrase where it differs."""
    name = node.path if node.kind in _PATH_KINDS else node.name
    return name, "" if node.kind is NodeKind.FEATURE and node.feature == node.name else node.feature


def _escaped(text: str) -> str:
    return re.sub(r"(?<=-)-", r"\\-", text.replace("\\", "\\\\"))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\-])", r"\1", text).strip()


def _parse(text: str) -> list[_Line]:
    lines: list[_Line] = []
    open_lines: list[tuple[int, int]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        written = raw.expandtabs(2).rstrip()
        if not written or re.fullmatch(r"\s*<!--.*-->", written):
            continue
        indent, line = _read(number, written)
        while open_lines and open_lines[-1][0] >= indent:
            open_lines.pop()
        if bool(lines) is (line.kind is NodeKind.REPOSITORY):
            raise SchemaError(f"line {number}: the plan needs one '# repository' line, above all others")
        lines.append(replace(line, above=open_lines[-1][1] if open_lines else -1))
        open_lines.append((indent, len(lines) - 1))
    if not lines:
        raise SchemaError("line 1: the plan is empty", "it starts with '# name of the repository'")
    return lines


def _read(number: int, written: str) -> tuple[int, _Line]:
    """Return how deep a line lies (headings below 0) and what it says."""
    heading = _HEADING.fullmatch(written)
    if heading and heading["marks"] in _HEADINGS:
        kind = _HEADINGS[heading["marks"]]
        return len(heading["marks"]) - 3, _line(number, kind, heading["rest"])
    bullet = _BULLET.fullmatch(written)
    if bullet and bullet["kind"] in _LISTED:
        return len(bullet["indent"]), _line(number, _LISTED[bullet["kind"]], bullet["rest"])
    raise SchemaError(
        f"line {number} is no part of a plan: {written.strip()!r}",
        f"write '## area' or '- kind: name' with one of {', '.join(_LISTED)}",
    )


def _line(number: int, kind: NodeKind, rest: str) -> _Line:
    tied = _HANDLE.fullmatch(rest)
    name, _, feature = (tied["text"] if tied else rest).partition(_SEPARATOR)
    if not name.strip():
        raise SchemaError(f"line {number}: the {kind.value} has no name", "write one, or delete the line")
    return _Line(number, kind, _unescaped(name), _unescaped(feature), tied["handle"] if tied else "", -1)


def _named_ids(lines: Iterable[_Line], known: dict[str, str]) -> set[str]:
    first: dict[str, int] = {}
    for line in lines:
        if line.handle and line.handle not in known:
            raise SchemaError(
                f"line {line.number}: no node has the id {line.handle!r}",
                "restore the comment, or delete it to add a new node",
            )
        if line.handle and first.setdefault(line.handle, line.number) != line.number:
            raise SchemaError(
                f"line {line.number}: {line.handle!r} is on line {first[line.handle]} already",
                "keep one of the lines, or delete the comment of the copy",
            )
    return {known[handle] for handle in first}


def _apply(rpg: RPG, base: RPG, line: _Line, node_id: str | None, above: str | None, named: set[str]) -> str:
    """Bring one line's node to where and what the line says; return its id.

    Parents come before children in the text, so a parent is at its final place when its children arrive.
    """
    if node_id is None and above is None:
        node_id = rpg.root.id
    if node_id is None and above is not None:
        return _add(rpg, line, above, named)
    old = base.node(str(node_id))
    if old.kind is not line.kind:
        raise SchemaError(
            f"line {line.number}: {old.label} is of kind {old.kind.value!r}, not {line.kind.value!r}",
            "delete the comment to add a new node",
        )
    parent = rpg.parent(old.id)
    if above is not None and parent is not None and parent.id != above:
        rpg.move(old.id, above)
    _reword(rpg, old, line)
    return old.id


def _reword(rpg: RPG, old: Node, line: _Line) -> None:
    name, feature = _texts(old)
    place = rpg.node(old.id).place
    if line.name != name and old.kind in _PATH_KINDS and place is not None:
        rpg.update(old.id, place=replace(place, path=line.name))
    elif line.name != name:
        rpg.update(old.id, name=line.name)
    if line.feature != feature:
        rpg.update(old.id, feature=line.feature)


def _add(rpg: RPG, line: _Line, above: str, named: set[str]) -> str:
    """Add a new line's node; a line that lost its comment is the node of the same content."""
    from_path = line.kind in _PATH_KINDS
    place = Place(line.name) if from_path else None
    name = line.name.rpartition("/")[2] if from_path else line.name
    try:
        added = rpg.add(line.kind, name, above, feature=line.feature, place=place)
    except DuplicateNode as err:
        if err.node_id in named:
            raise
        added = rpg.move(err.node_id, above)
    named.add(added.id)
    return added.id
