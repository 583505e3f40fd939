"""What a model is shown for one task, cut from the graph: little enough to be read, enough to be right."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent import prompts
from repowright.agent.workflows.translate.c_excerpts import Excerpts
from repowright.agent.workflows.translate.edges import MAY_CALL, TESTS
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import squeezed
from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.slots import Frame
from repowright.agent.workflows.translate.target import Views
from repowright.agent.workflows.translate.tasks import Task
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import Node

MOST_TESTS, MOST_TEST_TEXT = 4, 5_000
MOST_C_TESTS = 2
MOST_C = 40_000
"""Characters of C around the members; the members themselves are never cut."""
_TYPES = (NodeKind.STRUCT, NodeKind.ENUM, NodeKind.CLASS)


@dataclass(frozen=True)
class Context:
    """What is known beyond the text of a task.

    Parameters
    ----------
    reaches
        The tests of the translation.
    views
        What is shown of it.
    """

    encoded: EncodedC
    frame: Frame
    reaches: tuple[TestReach, ...]
    views: Views

    def holes(self, task: Task, files: Mapping[str, bytes]) -> dict[str, object]:
        """Return what fills the prompt of a task; ``files`` is the crate as it stands."""
        excerpts = Excerpts(self.encoded)
        nodes = [self.encoded.nodes[key] for key in (*task.members, *task.helpers) if key in self.encoded.nodes]
        members = [excerpts.definition(key) for key in task.members] or self._headers(task)
        helpers = [excerpts.definition(key) for key in task.helpers]
        around = [excerpts.of_node(node) for node in self._around(nodes)]
        c_text = "\n".join([*members, *helpers, *around])
        wanted = task.wanted
        material: dict[str, object] = {
            "name": task.name,
            "members": "\n\n".join(members),
            "helpers": _bounded(helpers, MOST_C),
            "around": _bounded(around, MOST_C),
            "macros": _bounded(excerpts.macros(f"{c_text} {self._like_named(task)}"), MOST_C // 4),
            "pointers": self._pointers(task),
            "hazards": self._hazards(task),
            "c_tests": _bounded(self._c_tests(task, excerpts), MOST_TEST_TEXT),
            "files": [(path, self.views.file(files[path].decode(), items, c_text)) for path, items in wanted.items()],
            "others": self.views.others(files, wanted, c_text),
            "tests": _bounded(self._tests(task), MOST_TEST_TEXT),
            "crates": self.views.dependencies(self.frame.files),
            "crate": self.frame.name,
        }
        return {
            "material": prompts.render(self.views.task, material)[1].content,
            "items": listed(str(slot) for slot in task.slots),
            "is_safe": not self.frame.allows_unsafe,
        }

    def origin(self) -> str:
        """All C of the project but its tests: what stands in it is no guess at what the tests expect."""
        files = self.encoded.project.files
        own = [path for path in files if path.endswith((".c", ".h")) and path not in self.encoded.project.tests]
        return "\n".join(files[path].decode("utf-8", "replace") for path in sorted(own))

    def _like_named(self, task: Task) -> str:
        """Names of macros that items without a C function may stand for."""
        free = [slot.item.rpartition("::") for slot in task.slots if slot.origin is None]
        plain = {squeezed(name) for owner, _, own in free for name in (own, f"{owner}{own}")}
        macros = {macro.name for unit in self.encoded.units for macro in unit.macros}
        return " ".join(sorted(name for name in macros if squeezed(name) in plain))

    def _headers(self, task: Task) -> list[str]:
        """Whole files, where items stand for no function that is known: libraries that are all macros."""
        stem = posixpath.splitext(posixpath.basename(task.path))[0]
        project = self.encoded.project
        own = [path for path in project.files if path.endswith((".c", ".h")) and path not in project.tests]
        near = sorted(own, key=lambda path: (stem not in posixpath.basename(path), path))
        texts = [f"/* {path} */\n{project.files[path].decode('utf-8', 'replace')}" for path in near]
        return [text[:MOST_C] for text in texts[:1]]

    def _around(self, nodes: Sequence[str]) -> list[Node]:
        """Types and variables that these need, and the types that those need in turn."""
        graph = self.encoded.graph
        found: dict[str, Node] = {}
        waiting = list(nodes)
        while waiting:
            for edge in graph.out_edges(waiting.pop(0), EdgeKind.USES):
                node = graph.node(edge.dst)
                owner = _outermost(graph.ancestors(node.id), node)
                if owner.kind in (*_TYPES, NodeKind.GLOBAL, NodeKind.CONSTANT) and owner.id not in found:
                    found[owner.id] = owner
                    waiting.append(owner.id)
        return sorted((found[each] for each in found.keys() - set(nodes)), key=lambda node: (node.path, _line(node)))

    def _pointers(self, task: Task) -> list[str]:
        """Functions that calls through pointers may lead to."""
        graph = self.encoded.graph
        ids = [self.encoded.nodes[key] for key in task.members if key in self.encoded.nodes]
        edges = (edge for each in ids for edge in graph.out_edges(each, EdgeKind.CALLS) if edge.name == MAY_CALL)
        return sorted({graph.node(edge.dst).name for edge in edges})[:20]

    def _hazards(self, task: Task) -> list[str]:
        functions = self.encoded.links.functions
        known = [functions[key] for key in (*task.members, *task.helpers) if key in functions]
        told = [f"{each.name} {hazard.reason}" for each in known for hazard in each.hazards]
        paths = {key.path for key in task.members}
        notes = [each for each in self.encoded.notes if each.path in paths and each.code == "missing-header"]
        return list(dict.fromkeys([*told, *(f"{each.path} {each.reason}" for each in notes)]))

    def _c_tests(self, task: Task, excerpts: Excerpts) -> list[str]:
        """C tests that call a member, shortest first."""
        graph = self.encoded.graph
        ids = [self.encoded.nodes[key] for key in task.members if key in self.encoded.nodes]
        callers = {edge.src for each in ids for edge in graph.in_edges(each, EdgeKind.USES) if edge.name == TESTS}
        texts = [excerpts.of_node(graph.node(each)) for each in sorted(callers)]
        return sorted(texts, key=lambda text: (len(text), text))[:MOST_C_TESTS]

    def _tests(self, task: Task) -> list[str]:
        """Tests that mention an item, those that mention least beside it first."""
        slots = set(task.slots)
        near = [each for each in self.reaches if each.slots & slots]
        near.sort(key=lambda each: (len(each.slots), len(each.text), each.test))
        return [f"{self.views.remark} {each.path}\n{each.text}" for each in near[:MOST_TESTS]]


def listed(items: Iterable[str]) -> str:
    """Items as a prompt lists them."""
    return "\n".join(f"- `{item}`" for item in items)


def shortened(key: Key) -> str:
    """A definition as reports name it."""
    return f"{key.path}:{key.name}"


def _outermost(ancestors: Iterable[Node], node: Node) -> Node:
    """The type that holds a member or an enumerator."""
    owners = [each for each in ancestors if each.kind in _TYPES]
    return owners[0] if owners else node


def _line(node: Node) -> int:
    return node.place.span[0] if node.place and node.place.span else 0


def _bounded(texts: Sequence[str], most: int) -> str:
    return "\n\n".join(_within(texts, most))


def _within(texts: Sequence[str], most: int) -> Iterator[str]:
    used = 0
    for number, text in enumerate(texts):
        used += len(text)
        if used > most:
            yield f"/* {len(texts) - number} more are left out */"
            return
        yield text
