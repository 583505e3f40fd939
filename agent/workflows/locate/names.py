"""Which function a model means by what it wrote."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.graph.errors import UnknownNode
from repowright.graph.kinds import TYPE_KINDS, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.references import AmbiguousReference, References

_FUNCTIONS = frozenset({NodeKind.FUNCTION, NodeKind.METHOD})
_NEAR = 3


class Names:
    """Finds functions by what a model wrote; a nested function stands for the outermost around it."""

    def __init__(self, rpg: RPG) -> None:
        self._rpg = rpg
        self._references = References(rpg)

    def resolve(self, written: str) -> tuple[str, Sequence[str]]:
        """Return ``path:Qualified.name``, or nothing and names that come near.

        A class stands for its constructor if it has one, else for itself.
        """
        try:
            node = self._references.node(written)
        except AmbiguousReference as err:
            return "", err.candidates[:_NEAR]
        except UnknownNode as err:
            return "", (err.hint,) if err.hint else ()
        function = self._outermost(node)
        if function is not None:
            return function.label, ()
        return "", ()

    def _outermost(self, node: Node) -> Node | None:
        chain = [node, *self._rpg.ancestors(node.id)]
        functions = [each for each in chain if each.kind in _FUNCTIONS]
        if functions:
            return functions[-1]
        if node.kind not in TYPE_KINDS:
            return None
        constructors = [each for each in self._rpg.children(node.id, NodeKind.METHOD) if each.name == "__init__"]
        return constructors[0] if constructors else node
