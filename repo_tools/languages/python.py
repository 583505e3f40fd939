"""Facts of Python files by tree-sitter, which reads what is whole in a broken file."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from repowright.repo_tools.facts import Call, FileFacts, Inheritance, ParseProblem
from repowright.repo_tools.languages.python_definitions import Place, definitions_of
from repowright.repo_tools.languages.python_imports import imports_of
from repowright.repo_tools.languages.python_syntax import (
    captures,
    docstring_of,
    line_of,
    one_line,
    parse_bytes,
    text_of,
)

_CALLS = "(call function: (_) @callee)"
_PROBLEMS = "[(ERROR) (MISSING)] @problem"
_CALLEE_LIMIT = 200


class PythonFrontend:
    """Reads Python source, broken or not, up to the newest syntax the grammar knows."""

    name = "python"
    extensions = (".py", ".pyi")

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        root = parse_bytes(source).root_node
        places = definitions_of(root)
        return FileFacts(
            path=path,
            language=self.name,
            definitions=tuple(place.definition for place in places),
            imports=tuple(imports_of(root)),
            calls=tuple(_calls(root, places)),
            inheritances=tuple(base for place in places for base in _bases(place)),
            docstring=docstring_of(root),
            errors=tuple(_problems(root)),
        )


def _calls(root: Node, places: Sequence[Place]) -> list[Call]:
    """Calls with the innermost definition around each; both come in source order, so one sweep does."""
    scopes = [place for place in places if place.node.type != "assignment"]
    around: list[Place] = []
    found: list[Call] = []
    index = 0
    for node in captures(_CALLS, root, "callee"):
        while index < len(scopes) and scopes[index].node.start_byte <= node.start_byte:
            around.append(scopes[index])
            index += 1
        while around and around[-1].node.end_byte <= node.start_byte:
            around.pop()
        caller = around[-1].definition.qualname if around else ""
        found.append(Call(caller, _callee(node), line_of(node)))
    return found


def _callee(node: Node) -> str:
    """Text of what is called; of an overlong chain only the last attribute."""
    if node.end_byte - node.start_byte <= _CALLEE_LIMIT:
        return one_line(text_of(node))
    return f"...{text_of(node.child_by_field_name('attribute'))}"


def _bases(place: Place) -> list[Inheritance]:
    bases = place.node.child_by_field_name("superclasses") if place.node.type == "class_definition" else None
    skipped = ("keyword_argument", "comment")
    children = [child for child in bases.named_children if child.type not in skipped] if bases else []
    return [Inheritance(place.definition.qualname, one_line(text_of(child)), line_of(child)) for child in children]


def _problems(root: Node) -> list[ParseProblem]:
    if not root.has_error:
        return []
    return [ParseProblem(line_of(node), _message(node)) for node in captures(_PROBLEMS, root, "problem")]


def _message(node: Node) -> str:
    if node.is_missing:
        return f"missing {node.type!r}"
    return f"cannot read {one_line(text_of(node))[:60]!r}"
