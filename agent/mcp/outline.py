"""The outline of a folder's graph as resources: its areas, and one area with its files."""

from __future__ import annotations

from collections.abc import Callable

from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from repowright.agent.mcp.answers import Desk
from repowright.agent.mcp.folder_graph import Look
from repowright.graph.errors import GraphError, UnknownNode
from repowright.graph.ids import normalise
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG, Node
from repowright.repo_tools.errors import RepoToolsError

OUTLINE = "repowright://graph/outline"
AREA = "repowright://graph/area/{name}"

_MEANING = (NodeKind.AREA, NodeKind.CATEGORY)


class Outline:
    """Reads the outline; each reading is of the files as they are now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def whole(self) -> str:
        """Areas and categories of the repository, with the number of files in each."""
        return await self._read(lambda look: outline(look.rpg))

    async def area(self, name: str) -> str:
        """One area: its categories, and the files in them with what they are for."""
        return await self._read(lambda look: area_outline(look.rpg, name))

    async def _read(self, act: Callable[[Look], str]) -> str:
        try:
            return self._bounded(await self._desk.graph.ask(act))
        except UnknownNode as err:
            raise ResourceNotFoundError(str(err)) from err
        except (GraphError, RepoToolsError) as err:
            raise ResourceError(str(err)) from err

    def _bounded(self, text: str) -> str:
        shown, cut = self._desk.shelf.shown(text)
        return f"{shown}\n{cut.text()}" if cut else shown


def outline(rpg: RPG) -> str:
    """Return areas and categories as an indented list."""
    lines = [_line(rpg, rpg.root)]
    for area in rpg.children(rpg.root.id, NodeKind.AREA):
        lines.append(f"- {_line(rpg, area)}")
        lines += [f"  - {_line(rpg, each)}" for each in rpg.children(area.id, NodeKind.CATEGORY)]
    return "\n".join(lines)


def area_outline(rpg: RPG, name: str) -> str:
    """Return one area with its categories and files.

    Raises
    ------
    UnknownNode
        If there is no such area; it lists those there are.
    """
    areas = rpg.children(rpg.root.id, NodeKind.AREA)
    found = next((area for area in areas if normalise(area.name) == normalise(name)), None)
    if found is None:
        raise UnknownNode(f"there is no area {name!r}", f"the areas are {', '.join(each.name for each in areas)}")
    lines = [_line(rpg, found)]
    for node in rpg.descendants(found.id, NodeKind.CATEGORY, NodeKind.FILE):
        depth = sum(each.kind in _MEANING for each in rpg.ancestors(node.id))
        said = f"{node.path}{f': {node.feature}' if node.feature else ''}"
        lines.append("  " * (depth - 1) + "- " + (said if node.kind is NodeKind.FILE else _line(rpg, node)))
    return "\n".join(lines)


def _line(rpg: RPG, node: Node) -> str:
    files = len(rpg.descendants(node.id, NodeKind.FILE))
    said = f": {node.feature}" if node.feature and node.feature != node.name else ""
    return f"{node.name}{said} ({files:,} file{'s' * (files != 1)})"
