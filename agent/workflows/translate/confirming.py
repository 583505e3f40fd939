"""The graph of a C folder as read from raw text, made to agree with what the compiler sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from repowright.agent.workflows.translate.edges import (
    ADDRESS,
    COMPILED,
    FROM_MACRO,
    MAY_CALL,
    NOT_COMPILED,
    PROTOTYPE,
    REFUSED,
    TESTS,
)
from repowright.agent.workflows.translate.linking import Key, Link, Linked
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Node, Place
from repowright.graph.records import Edge
from repowright.repo_tools.c_source.c_types import CType, Named, Site, in_project, mentioned
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit

_MAY_CALL_CONFIDENCE = 0.5
_NODE_KINDS = {
    "struct": (NodeKind.STRUCT, NodeKind.CLASS),
    "union": (NodeKind.STRUCT, NodeKind.CLASS),
    "enum": (NodeKind.ENUM, NodeKind.CLASS),
}


class Confirmation:
    """One pass over a graph; afterwards `nodes` holds the node of every definition that is compiled.

    Parameters
    ----------
    rpg
        Changed in place.
    refused
        Functions that stay in C.
    """

    def __init__(self, rpg: RPG, units: Sequence[TranslationUnit], found: Linked, refused: Iterable[Key]) -> None:
        self._rpg = rpg
        self._units = units
        self._found = found
        self._refused = frozenset(refused)
        self._read = {path for unit in units for path in unit.files}
        self._types = _type_lines(units)
        self._macros = {(macro.path, macro.name) for unit in units for macro in unit.all_macros.values()}
        self._enumerators = _enumerator_places(units)
        self._types_by_name: dict[str, list[Node]] = {}
        self.nodes: dict[Key, Node] = {}

    def run(self) -> None:
        """Tag what is compiled, add what only the compiler sees, and draw the edges anew."""
        for node in self._rpg.nodes(*UNIT_KINDS):
            if node.path in self._read:
                self._tag(node)
        self._add_missing()
        self._drop_edges()
        self._connect()

    def _tag(self, node: Node) -> None:
        key = Key(node.path, node.name)
        tags = {self._state(node, key)}
        if COMPILED in tags and node.kind in (NodeKind.FUNCTION, NodeKind.GLOBAL, NodeKind.CONSTANT):
            self.nodes.setdefault(key, node)
        if node.kind is NodeKind.FUNCTION and COMPILED in tags and key in self._refused:
            tags.add(REFUSED)
        self._rpg.update(node.id, tags=tuple(sorted({*node.tags, *tags})))
        if COMPILED in tags and node.kind in (NodeKind.STRUCT, NodeKind.ENUM, NodeKind.CLASS):
            self._types_by_name.setdefault(node.name, []).append(node)

    def _state(self, node: Node, key: Key) -> str:
        """What the compiler says of a node in a file that it read."""
        first, last = (node.place.span if node.place else None) or (1, 0)
        function = self._found.functions.get(key)
        if node.kind is NodeKind.FUNCTION:
            if function is not None and first <= function.site.line <= last:
                return COMPILED
            return PROTOTYPE if self._declares(node, first, last) else NOT_COMPILED
        if node.kind in (NodeKind.GLOBAL, NodeKind.CONSTANT):
            known = key in self._found.variables or key in self._enumerators
            return COMPILED if known else PROTOTYPE if "extern" in node.signature.split() else NOT_COMPILED
        if node.kind is NodeKind.MACRO:
            return COMPILED if key in self._macros else NOT_COMPILED
        lines = self._types.get(node.path, ())
        return COMPILED if any(first <= line <= last for line in lines) else NOT_COMPILED

    def _declares(self, node: Node, first: int, last: int) -> bool:
        """Whether a node of a header is a declaration; raw text shows none in other files."""
        if node.path.endswith(".c"):
            return False
        sites = [unit.prototype_sites[node.name] for unit in self._units if node.name in unit.prototype_sites]
        return any(site.path != node.path or first <= site.line <= last for site in sites)

    def _add_missing(self) -> None:
        """What a macro makes, or whose head a macro hides from a reader of raw text."""
        for key in sorted(self._found.functions):
            if key not in self.nodes:
                function = self._found.functions[key]
                lines = function.site.line, max(function.site.line, function.last_line)
                refused = (REFUSED,) if key in self._refused else ()
                self._add(NodeKind.FUNCTION, key, lines, refused)
        for key in sorted(self._found.variables):
            if key not in self.nodes:
                line = self._found.variables[key].site.line
                self._add(NodeKind.GLOBAL, key, (line, line))
        for kind, name, site in self._named_types():
            known = self._types_by_name.get(name, ())
            if not any(node.path == site.path for node in known):
                node = self._add(kind, Key(site.path, name), (site.line, site.line))
                if node is not None:
                    self._types_by_name.setdefault(name, []).append(node)

    def _add(self, kind: NodeKind, key: Key, lines: tuple[int, int], more: Iterable[str] = ()) -> Node | None:
        """Add a node for a definition that raw text does not show; none outside the project's files."""
        file = self._rpg.find(key.path)
        if file is None and key.path in self._read:
            # A file that is included and whose ending no reader of raw text knows: ``list.inc``.
            name = key.path.rpartition("/")[2]
            file = self._rpg.add(NodeKind.FILE, name, self._rpg.root.id, place=Place(key.path), tags=(COMPILED,))
        if file is None or file.kind is not NodeKind.FILE:
            return None
        place = Place(key.path, key.name, lines, key.name)
        anchor = f"{key.path}::{key.name}#expanded"
        tags = (COMPILED, FROM_MACRO, *more)
        node = self._rpg.add(kind, key.name, file.id, place=place, tags=tags, anchor=anchor)
        if kind in (NodeKind.FUNCTION, NodeKind.GLOBAL):
            self.nodes[key] = node
        return node

    def _named_types(self) -> list[tuple[NodeKind, str, Site]]:
        """Types of the project that have a name, each once, in the order of their places."""
        found: dict[tuple[str, str], tuple[NodeKind, str, Site]] = {}
        for unit in self._units:
            for kind, name, site in _types_of(unit):
                if site.is_project and not name.startswith("@"):
                    found.setdefault((site.path, name), (kind, name, site))
        return sorted(found.values(), key=lambda each: (each[2].path, each[2].line, each[1]))

    def _drop_edges(self) -> None:
        """Take away what raw text guessed of code that the compiler has read."""
        ends = {NodeKind.FUNCTION, NodeKind.GLOBAL, NodeKind.CONSTANT, NodeKind.STRUCT, NodeKind.ENUM, NodeKind.CLASS}
        compiled = {node.id for node in self.nodes.values()}
        for edge in self._rpg.edges(EdgeKind.CALLS, EdgeKind.USES):
            if edge.src in compiled and self._rpg.node(edge.dst).kind in ends:
                self._rpg.disconnect(edge.src, edge.dst, edge.kind, edge.name)

    def _connect(self) -> None:
        for src, dst, lines in self._gathered(self._found.calls):
            self._edge(src, dst, EdgeKind.CALLS, lines)
            if is_test_path(src.path) and not is_test_path(dst.path):
                self._edge(src, dst, EdgeKind.USES, lines, TESTS)
        for src, dst, lines in self._gathered(self._found.may_calls):
            self._edge(src, dst, EdgeKind.CALLS, lines, MAY_CALL)
        for src, dst, _ in self._gathered(self._found.addresses):
            self._edge(src, dst, EdgeKind.USES, (), ADDRESS)
        for src, dst, lines in self._gathered(self._found.reads):
            self._edge(src, dst, EdgeKind.USES, lines)
        for edge in self._type_uses():
            self._rpg.connect(edge.src, edge.dst, EdgeKind.USES)

    def _gathered(self, links: Iterable[Link]) -> Iterator[tuple[Node, Node, tuple[int, ...]]]:
        lines: dict[tuple[Key, Key], set[int]] = {}
        for link in links:
            lines.setdefault((link.source, link.target), set()).update({link.line} - {0})
        for (source, target), numbers in lines.items():
            if source in self.nodes and target in self.nodes:
                yield self.nodes[source], self.nodes[target], tuple(sorted(numbers))

    def _edge(self, src: Node, dst: Node, kind: EdgeKind, lines: Iterable[int], name: str = "") -> None:
        sure = _MAY_CALL_CONFIDENCE if name == MAY_CALL else 1.0
        self._rpg.connect(src.id, dst.id, kind, name=name, lines=lines, confidence=sure)

    def _type_uses(self) -> Iterator[Edge]:
        """Edges from definitions to the types of the project that they name, each once."""
        seen: set[tuple[str, str]] = set()
        for unit in self._units:
            items: tuple[FunctionDefinition | GlobalVariable, ...] = (*unit.functions, *unit.variables)
            for item in items:
                src = self.nodes.get(Key(item.site.path, item.name))
                if src is None:
                    continue
                for name in _named_types(item.body.types, item.type):
                    dst = self._type_node(unit, name)
                    if dst is not None and (src.id, dst.id) not in seen and dst.id != src.id:
                        seen.add((src.id, dst.id))
                        yield Edge(src.id, dst.id, EdgeKind.USES)

    def _type_node(self, unit: TranslationUnit, name: str) -> Node | None:
        """The node of a typedef or tag as this unit means it."""
        word, _, tag = name.rpartition(" ")
        if word == "enum":
            enum = unit.symbols.enums.get(tag)
            site = enum.site if enum else None
        elif word:
            record = unit.symbols.records.get(name)
            site = record.site if record else None
        else:
            typedef = unit.symbols.typedefs.get(name)
            site = typedef.site if typedef else None
        if site is None or not in_project(site.path):
            return None
        kinds = _NODE_KINDS.get(word, (NodeKind.CLASS, NodeKind.STRUCT, NodeKind.ENUM))
        known = [node for node in self._types_by_name.get(tag, ()) if node.path == site.path and node.kind in kinds]
        return min(known, key=lambda node: (not _holds(node, site.line), node.id), default=None)


def _types_of(unit: TranslationUnit) -> Iterator[tuple[NodeKind, str, Site]]:
    symbols = unit.symbols
    yield from ((NodeKind.STRUCT, each.key, each.site) for each in symbols.records.values())
    yield from ((NodeKind.ENUM, each.key, each.site) for each in symbols.enums.values())
    yield from ((NodeKind.CLASS, each.name, each.site) for each in symbols.typedefs.values())


def _holds(node: Node, line: int) -> bool:
    span = node.place.span if node.place else None
    return span is not None and span[0] <= line <= span[1]


def _type_lines(units: Iterable[TranslationUnit]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for unit in units:
        symbols = unit.symbols
        sites = [each.site for each in symbols.records.values()]
        sites += [each.site for each in symbols.enums.values()]
        sites += [each.site for each in symbols.typedefs.values()]
        for site in sites:
            if site.is_project:
                found.setdefault(site.path, set()).add(site.line)
    return found


def _enumerator_places(units: Iterable[TranslationUnit]) -> set[tuple[str, str]]:
    return {
        (enum.site.path, member) for unit in units for enum in unit.symbols.enums.values() for member, _ in enum.members
    }


def _named_types(names: Iterable[str], kind: CType) -> list[str]:
    """Types that a definition names in its head and in its body."""
    written = [each.name if isinstance(each, Named) else f"{each.kind} {each.key}" for each in mentioned(kind)]
    return list(dict.fromkeys((*written, *names)))
