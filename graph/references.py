"""What people, issues and models call a node, and which node they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePosixPath

from repowright.graph.cards import is_test
from repowright.graph.errors import UnknownNode
from repowright.graph.ids import normalise
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.nearness import Nearest

MOST_CANDIDATES = 10
"""How many of several nodes an error lists."""

_LINE = re.compile(r"(?P<path>.+?)(?::|#L|:L|, line )(?P<first>\d+)(?:[-:]L?\d+)?")
_CALL = re.compile(r"\(.*\)$", re.DOTALL)
_PACKAGES = frozenset({"__init__", "index", "mod"})
"""Names of files that stand for their folder."""


class AmbiguousReference(UnknownNode):
    """Several nodes answer to the reference; ``candidates`` are their labels."""

    def __init__(self, message: str, hint: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message, hint)
        self.candidates = candidates


class References:
    """Finds nodes by id, path, ``path:Class.method``, ``path:LINE``, dotted name, bare name or feature path.

    A path may lack its head or have a foreign one; a name may lack its head; arguments, quotes and backticks
    are taken off. Where several nodes answer, the only one outside test code is taken.
    """

    def __init__(self, rpg: RPG) -> None:
        self._rpg = rpg

    def nodes(self, reference: str) -> tuple[Node, ...]:
        """Return the definitions at the place that is meant; several if they share it, as overloads do.

        Raises
        ------
        AmbiguousReference
            If several places are meant; the hint lists them.
        UnknownNode
            If none is; the hint lists what comes nearest.
        """
        found = self.candidates(reference)
        if not found:
            raise UnknownNode(f"no node answers to {reference!r}", self._advice(_bare(reference)))
        return self._one_place(reference, found)

    def candidates(self, reference: str) -> list[Node]:
        """Return all nodes that may be meant; empty if there are none."""
        text = _bare(reference)
        if text in self._rpg:
            return [self._rpg.node(text)]
        for attempt in (
            self._by_line,
            self._by_place,
            self._by_module,
            self._by_name,
            self._by_feature,
            self._by_stem,
            self._by_file,
        ):
            found = attempt(text) if text else []
            if found:
                return found
        return []

    def node(self, reference: str) -> Node:
        """Return the first of `nodes`.

        Raises
        ------
        AmbiguousReference, UnknownNode
            As in `nodes`.
        """
        return self.nodes(reference)[0]

    def files(self, path: str) -> list[Node]:
        """Return the files of that path; else those whose path ends so; else the longest end of it that is one."""
        exact = self._rpg.find(path)
        if exact is not None:
            return [exact]
        ending = [node for node in self._basenames.get(_basename(path), ()) if node.path.endswith(f"/{path}")]
        if ending:
            return ending
        parts = path.split("/")
        tails = ("/".join(parts[at:]) for at in range(1, len(parts) - 1))
        return next(([found] for tail in tails if (found := self._rpg.find(tail)) is not None), [])

    def at_line(self, path: str, line: int) -> list[Node]:
        """Return the innermost definition of a file around a line, or the file; empty if there is no such file."""
        file = next(iter(self.files(path)), None)
        if file is None:
            return []
        around = [unit for unit in self._rpg.descendants(file.id, *UNIT_KINDS) if _holds(unit, line)]
        return [min(around, key=_extent)] if around else [file]

    def _by_line(self, text: str) -> list[Node]:
        match = _LINE.fullmatch(text)
        return self.at_line(match["path"], int(match["first"])) if match else []

    def _by_place(self, text: str) -> list[Node]:
        files = self.files(text)
        if files:
            return files
        path, separator, name = text.partition("::") if "::" in text else text.partition(":")
        if not separator:
            return []
        return [unit for file in self.files(path) for unit in self._in_file(file, _dotted(name))]

    def _by_module(self, text: str) -> list[Node]:
        parts = [part for part in _dotted(text).replace("/", ".").split(".") if part]
        for cut in range(len(parts), 0, -1):
            module, name = parts[:cut], ".".join(parts[cut:])
            files = [file for file in self._stems.get(module[-1], ()) if _module(file)[-cut:] == module]
            if cut == 1 and name and not any(_module(file) == module for file in files):
                continue
            found = files if not name else [unit for file in files for unit in self._reached(file, name)]
            if found and (name or cut > 1):
                return found
        return []

    def _reached(self, file: Node, name: str) -> list[Node]:
        """Return a module's member, also one that a package hands on from a file inside it."""
        own = self._in_file(file, name)
        if own or _stem(file) not in _PACKAGES:
            return own
        folder = f"{file.path.rpartition('/')[0]}/"
        return [unit for unit in self._qualnames.get(name, ()) if unit.path.startswith(folder)]

    def _by_name(self, text: str) -> list[Node]:
        name = _dotted(text)
        exact = self._qualnames.get(name)
        if exact:
            return exact
        last = name.rpartition(".")[2]
        ending = [unit for unit in self._names.get(last, ()) if unit.qualname.endswith(f".{name}")]
        return ending or self._member(name) or self._folded.get(name.casefold(), [])

    def _by_feature(self, text: str) -> list[Node]:
        wanted = normalise(text.strip("/"))
        return self._features.get(wanted) or self._features.get(wanted.rpartition("/")[2], [])

    def _by_file(self, text: str) -> list[Node]:
        """Return what ``sessions.Session.send`` names: members of any file of that name."""
        stem, _, name = _dotted(text).partition(".")
        return [unit for file in self._stems.get(stem, ()) for unit in self._reached(file, name)] if name else []

    def _by_stem(self, text: str) -> list[Node]:
        return self._stems.get(text, [])

    def _in_file(self, file: Node, name: str) -> list[Node]:
        units = self._rpg.descendants(file.id, *UNIT_KINDS)
        exact = [unit for unit in units if unit.qualname == name]
        ending = [unit for unit in units if unit.qualname.endswith(f".{name}")]
        return exact or ending or self._member(name, [unit for unit in units if unit.kind in UNIT_KINDS])

    def _member(self, name: str, among: Iterable[Node] | None = None) -> list[Node]:
        """Return the member that a type inherits: ``Basket.total`` where only the base has a ``total``."""
        owner, _, last = name.rpartition(".")
        if not owner:
            return []
        types = [unit for unit in among if unit.qualname == owner] if among is not None else self._by_name(owner)
        seen = {unit.id for unit in types}
        level = [unit.id for unit in types]
        while level:
            bases = [edge.dst for each in level for edge in self._rpg.out_edges(each, EdgeKind.INHERITS)]
            level = [each for each in dict.fromkeys(bases) if each not in seen]
            seen.update(level)
            found = [unit for each in level for unit in self._rpg.children(each, *UNIT_KINDS) if unit.name == last]
            if found:
                return found
        return []

    def _one_place(self, reference: str, found: list[Node]) -> tuple[Node, ...]:
        places = _by_label(found)
        if len(places) > 1:
            code = [node for node in found if not is_test(node, self._rpg.ancestors(node.id))]
            places = _by_label(code) if len(_by_label(code)) == 1 else places
        if len(places) == 1:
            return tuple(sorted(next(iter(places.values())), key=lambda node: self._rpg.position(node.id)))
        labels = tuple(sorted(places))
        more = len(labels) - MOST_CANDIDATES
        listed = ", ".join(labels[:MOST_CANDIDATES]) + (f" and {more} more" if more > 0 else "")
        raise AmbiguousReference(f"{len(labels)} nodes answer to {reference!r}", f"name one of {listed}", labels)

    def _advice(self, text: str) -> str:
        path, _, name = text.partition(":")
        file = next(iter(self.files(path)), None) if name else None
        if file is not None:
            units = [unit.qualname for unit in self._rpg.descendants(file.id, *UNIT_KINDS)]
            near = [f"{file.path}:{each}" for each in Nearest(units).to(name.lstrip(":"))]
        else:
            near = [label for each in self._nearest.to(_last_name(text)) for label in self._labels(each)]
        return (
            f"did you mean {' or '.join(near[:4])}?" if near else "name an id, a path, path:qualname or a dotted name"
        )

    def _labels(self, name: str) -> list[str]:
        nodes = [*self._names.get(name, ()), *self._basenames.get(name, ())]
        return sorted(_by_label(nodes))[:2]

    @cached_property
    def _nearest(self) -> Nearest:
        return Nearest([*self._names, *self._basenames])

    @cached_property
    def _units(self) -> list[Node]:
        return self._rpg.nodes(*UNIT_KINDS)

    @cached_property
    def _qualnames(self) -> dict[str, list[Node]]:
        return _grouped((unit.qualname, unit) for unit in self._units)

    @cached_property
    def _names(self) -> dict[str, list[Node]]:
        return _grouped((unit.name, unit) for unit in self._units)

    @cached_property
    def _folded(self) -> dict[str, list[Node]]:
        return _grouped((unit.qualname.casefold(), unit) for unit in self._units)

    @cached_property
    def _basenames(self) -> dict[str, list[Node]]:
        files = self._rpg.nodes(NodeKind.DIRECTORY, NodeKind.FILE)
        return _grouped((_basename(file.path), file) for file in files)

    @cached_property
    def _stems(self) -> dict[str, list[Node]]:
        return _grouped((_module(file)[-1], file) for file in self._rpg.nodes(NodeKind.FILE) if _module(file))

    @cached_property
    def _features(self) -> dict[str, list[Node]]:
        found = []
        for node in self._rpg.nodes():
            if node.kind in (NodeKind.AREA, NodeKind.CATEGORY, NodeKind.FEATURE, NodeKind.REPOSITORY):
                found.append((normalise(node.name), node))
            if node.kind is NodeKind.CATEGORY:
                above = [each for each in self._rpg.ancestors(node.id) if each.kind is not NodeKind.REPOSITORY]
                found.append((normalise("/".join([*(each.name for each in reversed(above)), node.name])), node))
            if node.feature and node.kind is not NodeKind.FEATURE:
                found.append((normalise(node.feature), node))
        return _grouped(found)


def _bare(reference: str) -> str:
    text = reference.strip().strip("`'\"").strip()
    text = _CALL.sub("", text).replace("\\", "/")
    for word in ("async def ", "def ", "class ", "function ", "@"):
        text = text.removeprefix(word)
    return text.removeprefix("./").rstrip(":,;")


def _dotted(name: str) -> str:
    return name.replace("::", ".").replace("->", ".").replace("#", ".").strip(".")


def _basename(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(file: Node) -> str:
    return PurePosixPath(file.path).stem


def _module(file: Node) -> list[str]:
    parts = file.path.split("/")
    stem = _stem(file)
    return parts[:-1] if stem in _PACKAGES else [*parts[:-1], stem]


def _last_name(text: str) -> str:
    return re.split(r"[:/]", _dotted(text))[-1] if "/" in text else re.split(r"[:.]", _dotted(text))[-1]


def _holds(unit: Node, line: int) -> bool:
    span = unit.place.span if unit.place else None
    return span is not None and span[0] <= line <= span[1]


def _extent(unit: Node) -> tuple[int, int]:
    span = (unit.place.span if unit.place else None) or (1, 1)
    return span[1] - span[0], -len(unit.qualname)


def _grouped(pairs: Iterable[tuple[str, Node]]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for key, node in pairs:
        found.setdefault(key, []).append(node)
    return found


def _by_label(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    unique = {node.id: node for node in nodes}
    return _grouped((node.label, node) for node in unique.values())
