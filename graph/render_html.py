"""The graph as one page that needs nothing but itself: tree, search, neighbours and drawing."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from importlib.resources import files

from repowright.graph.drawing import LEVELS, Level, progress, shown_nodes
from repowright.graph.kinds import UNIT_KINDS, NodeKind, State
from repowright.graph.model import RPG, Node
from repowright.graph.page_data import page_data
from repowright.graph.render_svg import svg

MOST_BOXES = 300
"""A level with more boxes than this is not drawn; a coarser one is."""

PLAIN_NODES = 1_500
"""A graph of more nodes shows no further than its files where scripts are off."""

_HOLE = re.compile(r"\{\{(\w+)\}\}")
_SCRIPTS = ("records.js", "rows.js", "details.js", "sheets.js", "page.js")
_OPEN_KINDS = frozenset({NodeKind.REPOSITORY, NodeKind.AREA})
_LEVEL_NAMES: dict[Level, str] = {"area": "Areas", "file": "Files", "unit": "Definitions"}


def html(rpg: RPG) -> str:
    """Return a self-contained page: the tree with its search at the left, the drawing, details at the right.

    The script makes only the rows that are in view, so that tens of thousands of nodes do not slow it. Without
    scripts a plain tree is shown. The content security policy forbids every request and every script but the
    page's own, and all text of the graph is escaped, so that a page of an untrusted graph is safe to open.
    """
    data = page_data(rpg)
    levels = drawn_levels(rpg)
    script = "\n".join(_resource(name) for name in _SCRIPTS)
    parts = {
        "title": escape(rpg.root.name),
        "feature": escape(rpg.root.feature),
        "counts": escape(_counts(rpg, len(data.edges.src))),
        "legend": _legend(rpg),
        "tree": f'<ul class="tree">{_branch(rpg, rpg.root, len(rpg) <= PLAIN_NODES)}</ul>',
        "levels": "".join(_tab(level) for level in levels),
        "drawings": "".join(f'<div class="sheet" id="sheet-{level}">{svg(rpg, level)}</div>' for level in levels),
        "data": data.as_script_text(),
        "style": _resource("page.css"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    }
    return _HOLE.sub(lambda hole: parts[hole[1]], _resource("page.html"))


def drawn_levels(rpg: RPG) -> list[Level]:
    """Return the levels a page draws, the coarsest first: those that have boxes, but not too many."""
    counted = {level: len(shown_nodes(rpg, level)) for level in LEVELS}
    return [level for level in LEVELS if 0 < counted[level] <= MOST_BOXES] or ["area"]


def _counts(rpg: RPG, edges: int) -> str:
    wanted = [
        (len(rpg.nodes(NodeKind.AREA)), "areas"),
        (len(rpg.nodes(NodeKind.FEATURE)), "features"),
        (len(rpg.nodes(NodeKind.FILE)), "files"),
        (len(rpg.nodes(*UNIT_KINDS)), "definitions"),
        (edges, "edges"),
    ]
    return " \u00b7 ".join(f"{count:,} {what[:-1] if count == 1 else what}" for count, what in wanted if count)


def _legend(rpg: RPG) -> str:
    counted = progress(rpg, rpg.root.id)
    return "".join(
        f'<li><i class="dot {state.value}"></i>{state.value} <b>{counted[state]:,}</b></li>'
        for state in State
        if state in counted
    )


def _branch(rpg: RPG, node: Node, whole: bool) -> str:
    """Return a node of the plain tree with what it contains; not what files contain, unless ``whole``."""
    children = rpg.children(node.id) if whole or node.kind is not NodeKind.FILE else []
    row = _row(node)
    if not children:
        return f"<li>{row}</li>"
    below = "".join(_branch(rpg, child, whole) for child in children)
    is_open = " open" if node.kind in _OPEN_KINDS else ""
    return f"<li><details{is_open}><summary>{row}</summary><ul>{below}</ul></details></li>"


def _row(node: Node) -> str:
    phrase = node.feature if node.feature != node.name else ""
    name = f'<span class="name">{escape(node.name)}</span>'
    dot = f'<i class="dot {node.state.value}" title="{node.state.value}"></i>'
    return f'{dot}<span class="kind">{node.kind.value}</span> {name} <span class="phrase">{escape(phrase)}</span>'


def _tab(level: Level) -> str:
    return f'<button type="button" role="tab" data-level="{level}">{_LEVEL_NAMES[level]}</button>'


def _resource(name: str) -> str:
    return files("repowright.graph.viewer").joinpath(name).read_text(encoding="utf-8")
