"""The head of one definition, taken from source or from its signature, and written as a skeleton."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from repowright.repo_tools.heads.fitting import Fitter, Verdicts, without_bodies
from repowright.repo_tools.heads.plain import parsed_once
from repowright.repo_tools.python_ast import DefinitionNode, FunctionNode, find, lines_of, parse_quietly, span_of
from repowright.repo_tools.python_source import undefined_names

_FUTURE = "from __future__ import annotations"
_UNDEFINED = re.compile(r"undefined name '(.+)'$")
_ROUNDS = 4


@dataclass(frozen=True)
class MethodHead:
    """A method as a graph tells it."""

    name: str
    signature: str
    doc: str


class Head:
    """One class or function; it is cut in place.

    Examples
    --------
    >>> head = Head.from_source("class A:\\n    def f(self): return g(self)\\n    def _h(self): ...", "A")
    >>> head.strip(bodies=False)
    >>> head.document("Does it.")
    >>> print(head.text())
    from __future__ import annotations
    <BLANKLINE>
    <BLANKLINE>
    class A:
        \"\"\"Does it.\"\"\"
    <BLANKLINE>
        def f(self):
            ...
    <BLANKLINE>
    """

    def __init__(self, node: DefinitionNode) -> None:
        self._node = node

    @classmethod
    def from_source(cls, text: str, qualname: str) -> Head | None:
        """Return the head of a definition in a file; ``None`` if the file does not parse or does not have it."""
        tree = parsed_once(text)
        node = None if tree is None else find(tree, qualname)
        if node is None:
            return None
        # Parsed alone: a deep copy of a large class takes ten times as long.
        first, last = span_of(node)
        alone = parse_quietly(textwrap.dedent("".join(lines_of(text)[first - 1 : last])))
        return _only(alone)

    @classmethod
    def from_signature(cls, signature: str, doc: str, methods: Sequence[MethodHead] = ()) -> Head | None:
        """Return the head that a signature gives; ``None`` if it does not parse."""
        head = _parsed(signature)
        if isinstance(head, ast.ClassDef):
            found = [_method(method) for method in methods]
            head.body = [_doc(doc), *(one for one in found if one is not None)]
        elif head is not None:
            head.body = [_doc(doc)]
        return None if head is None else cls(head)

    @property
    def name(self) -> str:
        """The definition's name."""
        return self._node.name

    @property
    def doc(self) -> str:
        """The docstring; empty if it has none."""
        return (ast.get_docstring(self._node) or "").strip()

    def undocumented_methods(self) -> list[str]:
        """Return the names of the methods without a docstring."""
        return [one.name for one in self._methods() if not ast.get_docstring(one)]

    def document(self, doc: str, method: str = "") -> None:
        """Give the definition, or one of its methods, a docstring in place of the one it has."""
        for node in [one for one in self._methods() if one.name == method] if method else [self._node]:
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            node.body = [_doc(doc), *body]

    def strip(self, *, bodies: bool) -> None:
        """Empty bodies and drop private members, unless ``bodies`` says to keep them."""
        without_bodies(self._node, bodies=bodies)

    def free_names(self) -> list[str]:
        """Return the names that it uses and neither binds nor finds among the built-in ones."""
        found = (_UNDEFINED.search(problem) for problem in undefined_names(self.text()))
        return sorted({match[1] for match in found if match is not None})

    def mentioned(self) -> frozenset[str]:
        """Return every plain name in it."""
        return frozenset(one.id for one in ast.walk(self._node) if isinstance(one, ast.Name))

    def fit(self, verdicts: Verdicts, known: Collection[str]) -> list[str]:
        """Cut it until nothing in it names what was cut, and return what was changed.

        Parameters
        ----------
        known
            Free names that a verdict was given on; others that come up lost what they stood on.
        """
        verdicts = replace(verdicts, stubs=verdicts.stubs | {self.name})
        changes: list[str] = []
        for _ in range(_ROUNDS):
            fitter = Fitter(verdicts)
            fitter.fit(self._node)
            changes += fitter.changes
            orphans = frozenset(self.free_names()) - frozenset(known) - verdicts.unknown - {self.name}
            if not orphans:
                break
            verdicts = replace(verdicts, unknown=verdicts.unknown | orphans)
        return changes

    def text(self, imports: Iterable[str] = ()) -> str:
        """Return it as a module of its own below the imports it is given."""
        ast.fix_missing_locations(self._node)
        return "\n".join([_FUTURE, *imports, "", "", ast.unparse(self._node), ""])

    def _methods(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        inside = self._node.body if isinstance(self._node, ast.ClassDef) else []
        return [one for one in inside if isinstance(one, FunctionNode)]


def _only(tree: ast.Module | None) -> Head | None:
    found = tree.body[0] if tree is not None and len(tree.body) == 1 else None
    return Head(found) if isinstance(found, DefinitionNode) else None


def _parsed(signature: str) -> DefinitionNode | None:
    text = signature.strip().removesuffix(":")
    head = _only(parse_quietly(f"{text}: ...")) if text else None
    return None if head is None else head._node


def _method(method: MethodHead) -> ast.stmt | None:
    head = _parsed(method.signature)
    if not isinstance(head, FunctionNode):
        return None
    arguments = [*head.args.posonlyargs, *head.args.args]
    first = arguments[0].arg if arguments else ""
    if first not in ("self", "cls") and method.name != "__new__":
        head.decorator_list = [ast.Name("staticmethod", ast.Load())]
    elif first == "cls" and method.name not in ("__new__", "__init_subclass__", "__class_getitem__"):
        head.decorator_list = [ast.Name("classmethod", ast.Load())]
    head.body = [_doc(method.doc)]
    return head


def _doc(text: str) -> ast.stmt:
    value = text.strip()
    return ast.Expr(ast.Constant(value if value else ...))
