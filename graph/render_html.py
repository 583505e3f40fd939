"""The graph as one page that needs nothing but itself: tree, drawing and details."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files

from repowright.graph.drawing import LEVELS, Level, progress, shown_nodes
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Node
from repowright.graph.render_svg import svg

MOST_BOXES = 300
"""A level with more boxes than this is not drawn; a coarser one is."""

_HOLE = re.compile(r"\{\{(\w+)\}\}")
_OPEN_KINDS = frozenset({NodeKind.REPOSITORY, NodeKind.AREA})
_LEVEL_NAMES: dict[Level, str] = {"area": "Areas", "file": "Files", "unit": "Definitions"}


def html(rpg: RPG) -> str:
    """Return a self-contained page: the tree at the left, the drawing, and what a click chose at the right.

    The tree works without scripts. A content security policy forbids every request, and all text of the graph
    is escaped, so that a page of an untrusted graph is safe to open.
    """
    levels = drawn_levels(rpg)
    parts = {
        "title": escape(rpg.root.name),
        "feature": escape(rpg.root.feature),
        "counts": escape(_counts(rpg)),
        "legend": _legend(rpg),
        "tree": f'<ul class="tree">{_branch(rpg, rpg.root)}</ul>',
        "levels": "".join(_tab(level) for level in levels),
        "drawings": "".join(f'<div class="sheet" id="sheet-{level}">{svg(rpg, level)}</div>' for level in levels),
        "data": _data(rpg),
        "style": _resource("page.css"),
        "script": _resource("page.js"),
    }
    return _HOLE.sub(lambda hole: parts[hole[1]], _resource("page.html"))


def drawn_levels(rpg: RPG) -> list[Level]:
    """Return the levels a page draws, the coarsest first: those that have boxes, but not too many."""
    counted = {level: len(shown_nodes(rpg, level)) for level in LEVELS}
    return [level for level in LEVELS if 0 < counted[level] <= MOST_BOXES] or ["area"]


def _counts(rpg: RPG) -> str:
    wanted = [
        (len(rpg.nodes(NodeKind.AREA)), "areas"),
        (len(rpg.nodes(NodeKind.FEATURE)), "features"),
        (len(rpg.nodes(NodeKind.FILE)), "files"),
        (len(rpg.nodes(*UNIT_KINDS)), "definitions"),
        (len(rpg.edges()) - len(rpg) + 1, "edges"),
    ]
    return " \u00b7 ".join(f"{count} {what[:-1] if count == 1 else what}" for count, what in wanted if count)


def _legend(rpg: RPG) -> str:
    counted = progress(rpg, rpg.root.id)
    return "".join(
        f'<li><i class="dot {state.value}"></i>{state.value} <b>{counted.get(state, 0)}</b></li>' for state in State
    )


def _branch(rpg: RPG, node: Node) -> str:
    row = _row(node, min(progress(rpg, node.id), default=node.state))
    children = rpg.children(node.id)
    if not children:
        return f'<li><button type="button" class="row" data-id="{escape(node.id)}">{row}</button></li>'
    below = "".join(_branch(rpg, child) for child in children)
    is_open = " open" if node.kind in _OPEN_KINDS else ""
    return (
        f'<li><details{is_open}><summary class="row" data-id="{escape(node.id)}">{row}</summary>'
        f"<ul>{below}</ul></details></li>"
    )


def _row(node: Node, state: State) -> str:
    """Return what a line of the tree shows; ``state`` is that of the least advanced thing inside."""
    phrase = node.feature if node.feature != node.name else ""
    dot = f'<i class="dot {state.value}" title="{state.value}"></i>'
    name = f'<span class="name">{escape(node.name)}</span>'
    return f'{dot}<span class="kind">{node.kind.value}</span>{name}<span class="phrase">{escape(phrase)}</span>'


def _tab(level: Level) -> str:
    return f'<button type="button" role="tab" data-level="{level}">{_LEVEL_NAMES[level]}</button>'


def _data(rpg: RPG) -> str:
    """Return what the script knows, as JSON that cannot end its script element."""
    kinds = [kind for kind in EdgeKind if kind is not EdgeKind.CONTAINS]
    edges = [[edge.src, edge.dst, edge.kind.value, edge.data_type or edge.name] for edge in rpg.edges(*kinds)]
    nodes = {node.id: _facts(rpg, node) for node in rpg.nodes()}
    text = json.dumps({"nodes": nodes, "edges": edges}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _facts(rpg: RPG, node: Node) -> dict[str, str | list[str]]:
    parent = rpg.parent(node.id)
    span = node.place.span if node.place else None
    lines = f", lines {span[0]} to {span[1]}" if span else ""
    facts: dict[str, str | list[str]] = {
        "kind": node.kind.value,
        "name": node.name,
        "feature": node.feature if node.feature != node.name else "",
        "place": f"{node.label}{lines}" if node.place else "",
        "signature": node.signature,
        "doc": node.doc,
        "state": node.state.value,
        "parent": parent.id if parent else "",
        "tags": list(node.tags),
    }
    return {key: value for key, value in facts.items() if value}


def _resource(name: str) -> str:
    return files("repowright.graph.viewer").joinpath(name).read_text(encoding="utf-8")
