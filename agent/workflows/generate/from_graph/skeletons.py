"""The skeleton of one kept definition: its imports, its head, its docstring, and no body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from repowright.agent.workflows.generate.from_graph.names import Meaning, Names, Target
from repowright.agent.workflows.generate.from_graph.original import Definition, LeftOut
from repowright.graph.kinds import NodeKind
from repowright.graph.records import Node
from repowright.repo_tools.heads import Head, MethodHead, Verdicts

UNDOCUMENTED = "a definition without a docstring got its feature for one"


@dataclass(frozen=True)
class Standing:
    """How a definition of the project stands to the one whose skeleton is written.

    Parameters
    ----------
    statement
        The import that brings it; empty for one of the same file.
    closes
        Building on it would close a circle.
    stub
        It is a stub until it is written.
    """

    statement: str = ""
    closes: bool = False
    stub: bool = True


Stand = Callable[[Target], Standing | None]
"""Says how a definition stands; ``None`` if the plan does not have it."""


@dataclass(frozen=True)
class Skeleton:
    """A skeleton in the names of the original.

    Parameters
    ----------
    text
        Empty if the head cannot be read.
    whole
        It is a declaration with all it says: nothing is left to be written.
    """

    text: str
    left_out: LeftOut
    whole: bool = False


def skeleton_of(unit: Definition, node: Node, names: Names, stand: Stand) -> Skeleton:
    """Return the skeleton of a definition.

    Parameters
    ----------
    node
        The definition in the original graph.
    """
    skeleton = _written(unit, node, names, stand)
    if unit.declared and not skeleton.whole:
        skeleton = _written(replace(unit, declared=False), node, names, stand)
    return skeleton


def _written(unit: Definition, node: Node, names: Names, stand: Stand) -> Skeleton:
    left_out = LeftOut()
    head = head_of(names, node)
    if head is None:
        return Skeleton("", left_out)
    head.strip(bodies=unit.declared)
    _document(head, unit, node, names, left_out)
    meanings = {name: names.meaning(node.path, name) for name in head.free_names() if name != node.name}
    standings = {name: stand(each.target) if each.target else None for name, each in meanings.items()}
    verdicts = _verdicts(meanings, standings)
    for change in head.fit(verdicts, meanings):
        left_out.add(change, node.label)
    free = head.free_names()
    # A kept body may still name what the plan does not have: it is then no declaration.
    beyond = set(free) & (verdicts.unknown | verdicts.literals.keys())
    mentioned = head.mentioned() & verdicts.quoted
    text = head.text(_imports(free, meanings, standings))
    return Skeleton(text, left_out, unit.declared and not beyond and not mentioned)


def head_of(names: Names, node: Node) -> Head | None:
    """Return a definition's head: as the code has it where that is at hand, else as the graph tells it."""
    text = names.sources.text(node.path)
    found = None if text is None else Head.from_source(text, node.qualname)
    if found is not None:
        return found
    methods = names.rpg.children(node.id, NodeKind.METHOD)
    told = [MethodHead(method.name, method.signature, method.doc) for method in methods]
    return Head.from_signature(node.signature, node.doc, told)


def _verdicts(meanings: dict[str, Meaning], standings: dict[str, Standing | None]) -> Verdicts:
    unknown = {
        name for name, each in meanings.items() if not each.library and not each.literal and standings[name] is None
    }
    known = {name: each for name, each in standings.items() if each is not None}
    closing = {name for name, each in known.items() if each.closes}
    # What another file has cannot be named without importing it.
    unknown |= {name for name in closing if known[name].statement}
    return Verdicts(
        frozenset(unknown),
        frozenset(name for name, each in known.items() if each.stub),
        frozenset(closing - unknown),
        {name: each.literal for name, each in meanings.items() if each.literal},
    )


def _imports(free: list[str], meanings: dict[str, Meaning], standings: dict[str, Standing | None]) -> list[str]:
    found = []
    for name in free:
        each = meanings.get(name, Meaning())
        stands = standings.get(name)
        statement = each.library or (stands.statement if stands else "")
        found += [_bound_as(statement, name)] if statement else []
    return sorted(set(found))


def _bound_as(statement: str, name: str) -> str:
    """Return an import that binds the name its user writes."""
    last = statement.rpartition(" ")[2].partition(".")[0]
    return statement if last == name else f"{statement} as {name}"


def _document(head: Head, unit: Definition, node: Node, names: Names, left_out: LeftOut) -> None:
    """Give what has no docstring its feature for one: the docstring is the specification."""
    if not head.doc:
        head.document(_sentence(unit.features[0].phrase if unit.features else f"provide {unit.name}"))
        left_out.add(UNDOCUMENTED, node.label)
    said = {child.name: child.feature for child in names.rpg.children(node.id, NodeKind.METHOD)}
    for method in head.undocumented_methods():
        if said.get(method):
            head.document(_sentence(said[method]), method)
            left_out.add(UNDOCUMENTED, f"{node.label}.{method}")


def _sentence(phrase: str) -> str:
    return f"{phrase[:1].upper()}{phrase[1:].rstrip('.')}."
