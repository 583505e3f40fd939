"""The graph for people: as text, as Mermaid, as a drawing and as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repowright.graph.drawing import Arrow, Box, Level, drawing
from repowright.graph.kinds import State
from repowright.graph.model import RPG, Node, NodeKind
from repowright.graph.render_html import html
from repowright.graph.render_svg import svg

__all__ = ["Level", "html", "mermaid", "svg", "tree"]

_COLOURS = {
    State.PLANNED: "fill:#f1f2f4,stroke:#b4b8c0,color:#24262b",
    State.STUBBED: "fill:#f7ecd2,stroke:#c39a49,color:#24262b",
    State.IMPLEMENTED: "fill:#dfeaf6,stroke:#5b8dc5,color:#24262b",
    State.VERIFIED: "fill:#dcefe5,stroke:#4d9a78,color:#24262b",
}


def tree(rpg: RPG) -> str:
    """Return the tree as indented text, one node a line.

    Examples
    --------
    >>> rpg = RPG.new("shop", "sell things")
    >>> area = rpg.add(NodeKind.AREA, "Cart", rpg.root.id)
    >>> feature = rpg.add(NodeKind.FEATURE, "add an item", area.id)
    >>> print(tree(rpg), end="")
    shop: sell things
    └── area Cart
        └── feature add an item
    """
    head = f"{rpg.root.name}: {rpg.root.feature}" if rpg.root.feature else rpg.root.name
    return "\n".join([head, *_branches(rpg, rpg.root.id, "")]) + "\n"


def mermaid(rpg: RPG, level: Level = "area") -> str:
    """Return the drawing at that level as a Mermaid flowchart, files and definitions grouped by area.

    Raises
    ------
    GraphError
        If there is no such level.
    """
    drawn = drawing(rpg, level)
    names = {box.id: f"n{index}" for index, box in enumerate(drawn.boxes)}
    areas = rpg.nodes(NodeKind.AREA)
    lines = ["flowchart LR"]
    for group in sorted({box.group for box in drawn.boxes}):
        boxes = [f"{names[box.id]}{_mermaid_box(box)}" for box in drawn.boxes if box.group == group]
        if level == "area" or group < 0:
            lines += [f"    {box}" for box in boxes]
        else:
            lines.append(f'    subgraph a{group}["{_mermaid_text(areas[group].name)}"]')
            lines += [f"        {box}" for box in boxes] + ["    end"]
    lines += [f"    {_mermaid_arrow(arrow, names)}" for arrow in drawn.arrows]
    lines += [f"    classDef {state.value} {colour}" for state, colour in _COLOURS.items()]
    return "\n".join(lines) + "\n"


def _branches(rpg: RPG, node_id: str, margin: str) -> Iterator[str]:
    children = rpg.children(node_id)
    for child in children:
        last = child is children[-1]
        yield f"{margin}{'└── ' if last else '├── '}{_described(child)}"
        yield from _branches(rpg, child.id, margin + ("    " if last else "│   "))


def _described(node: Node) -> str:
    name = node.path if node.kind in (NodeKind.FILE, NodeKind.DIRECTORY) else node.name
    phrase = f": {node.feature}" if node.feature and node.feature != node.name else ""
    state = "" if node.state is State.PLANNED else f" [{node.state.value}]"
    return f"{node.kind.value} {name}{phrase}{state}"


def _mermaid_box(box: Box) -> str:
    state = min(box.progress, default=State.PLANNED)
    return f'["{_mermaid_text(box.title)}"]:::{state.value}'


def _mermaid_arrow(arrow: Arrow, names: dict[str, str]) -> str:
    label = f'|"{_mermaid_text(arrow.label)}"|' if arrow.label else ""
    return f"{names[arrow.src]} -->{label} {names[arrow.dst]}"


def _mermaid_text(text: str) -> str:
    """Return the text with all but letters, digits and harmless signs as Mermaid's entity codes."""
    return re.sub(r"[^\w ./,:()-]", lambda sign: f"#{ord(sign[0])};", text)
