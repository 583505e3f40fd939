"""How units are shown to a model: candidates in a few lines, located units with their source, the rest by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from repowright.benchmarks.repocraft.evaluate.atlas import UNITS, Atlas
from repowright.graph.kinds import NodeKind
from repowright.graph.model import Node
from repowright.graph.sources import lines_of

MOST_SOURCE = 9_000
"""Characters of source that a prompt gets."""
MOST_OF_ONE = 4_500
MOST_NAMES = 3_500
_DOC = 160
_METHODS = 30


def candidate_lines(nodes: Iterable[Node]) -> str:
    """Return candidates, numbered: name and signature, what it is for, how its docstring begins."""
    return "\n".join(_candidate(number, node) for number, node in enumerate(nodes, 1)) or "none"


def _candidate(number: int, node: Node) -> str:
    first = " ".join(node.doc.split("\n\n")[0].split())[:_DOC]
    told = [text for text in dict.fromkeys((node.feature, first)) if text]
    return "\n".join([f"{number}. `{node.label}`: {_signature(node)}", *(f"   {text}" for text in told)])


def _signature(node: Node) -> str:
    signature = node.place.signature if node.place else ""
    return " ".join((signature or f"{node.kind} {node.name}").split())


def file_names(atlas: Atlas, most: int = MOST_NAMES) -> str:
    """Return the files with the public names they define, as many as there is room for."""
    lines: list[str] = []
    room = most
    for path in atlas.tree.code:
        file = atlas.rpg.find(path)
        names = [node.name for node in atlas.rpg.children(file.id, *UNITS)] if file else []
        public = [name for name in names if not name.startswith("_")]
        line = f"- {path}: {', '.join(public)}"
        if public and len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)


def offered(atlas: Atlas, located: Sequence[str], most: int = MOST_NAMES) -> str:
    """Return import paths and signatures of what lies beside the located units, their own modules first."""
    near = list(dict.fromkeys(label.partition(":")[0] for label in located))
    paths = [*near, *(path for path in atlas.tree.code if path not in near)]
    lines: list[str] = []
    room = most
    for path in paths:
        line = _module_line(atlas, path, located, signatures=path in near)
        if line and len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)


def _module_line(atlas: Atlas, path: str, located: Sequence[str], *, signatures: bool) -> str:
    file = atlas.rpg.find(path)
    nodes = [
        node
        for node in (atlas.rpg.children(file.id, *UNITS) if file else [])
        if not node.name.startswith("_") and node.label not in located
    ]
    head = f"- {atlas.tree.module_of(path)}: "
    if not nodes:
        return ""
    return head + ("; ".join(_signature(node) for node in nodes) if signatures else ", ".join(n.name for n in nodes))


def sources(atlas: Atlas, located: Sequence[str], most: int = MOST_SOURCE) -> str:
    """Return the located units with their import paths and source; what does not fit is shown as an outline."""
    blocks: list[str] = []
    room = most
    for label in _outermost(located):
        node = atlas.unit(label)
        if node is None:
            continue
        text = _source(atlas, node)
        if len(text) > min(room, MOST_OF_ONE):
            text = _outline(atlas, node, located)
        text = text[: max(room, 600)]
        room = max(0, room - len(text))
        blocks.append(f"## `{label}`\n{_imported(atlas, node)}\n```python\n{text}\n```")
    return "\n\n".join(blocks)


def _outermost(located: Sequence[str]) -> list[str]:
    """Leave out methods of classes that are shown themselves."""
    return [label for label in located if not any(label.startswith(f"{other}.") for other in located)]


def _imported(atlas: Atlas, node: Node) -> str:
    return f"`from {atlas.tree.module_of(node.path)} import {node.qualname.partition('.')[0]}`"


def _source(atlas: Atlas, node: Node) -> str:
    lines = lines_of(atlas.sources.text(node.path) or "")
    first, last = (node.place.span if node.place else None) or (1, 0)
    owner = atlas.rpg.parent(node.id) if node.kind is NodeKind.METHOD else None
    head = [f"# a method of: {_signature(owner)}", *_constructor(atlas, owner)] if owner is not None else []
    return "\n".join([*head, *lines[first - 1 : last]])


def _constructor(atlas: Atlas, owner: Node) -> list[str]:
    made = [node for node in atlas.rpg.children(owner.id, NodeKind.METHOD) if node.name == "__init__"]
    return [f"# made by: {_signature(node)}" for node in made]


def _outline(atlas: Atlas, node: Node, located: Sequence[str]) -> str:
    """A class by the heads of its methods, those that were located with their source; a function by its beginning."""
    if node.kind is not NodeKind.CLASS:
        return _source(atlas, node)[:MOST_OF_ONE] + "\n# ... cut here"
    methods = atlas.rpg.children(node.id, NodeKind.METHOD)
    ranked = [*(each for each in methods if each.label in located), *methods]
    lines = [_signature(node) + ":", f'    """{" ".join(node.doc.split())[:600]}"""']
    for method in list(dict.fromkeys(ranked))[:_METHODS]:
        if method.label in located:
            lines.append("\n".join(_source(atlas, method).splitlines()[1:]))
        else:
            told = " ".join(method.doc.split("\n\n")[0].split())[:_DOC]
            lines.append(f"    {_signature(method)}: ...  # {told}")
    return "\n".join(lines)
