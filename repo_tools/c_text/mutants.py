"""Small faults put into C code, one at a time: what a harness that compares behaviour must notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from repowright.repo_tools.c_text.syntax import parse, walk

MutationKind = Literal["operator", "comparison", "constant", "condition", "statement"]
_OPERATORS = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&"}
_COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_LOGICAL = {"&&": "||", "||": "&&"}
_ASSIGNING = {"+=": "-=", "-=": "+=", "*=": "+=", "^=": "|=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}


@dataclass(frozen=True)
class CMutant:
    """One fault."""

    kind: MutationKind
    function: str
    line: int
    before: str
    after: str
    start: int
    end: int
    """Bytes that ``after`` replaces."""

    def apply(self, source: bytes) -> bytes:
        """Return the text with the fault in it; ``source`` must be the text the mutant was made from."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutants_of(source: bytes) -> tuple[CMutant, ...]:
    """Return every fault of the known kinds in the functions of a file, ``main`` left out, in the order of the text.

    ``source`` must be UTF-8 without a byte order mark.
    """
    _, root = parse(source)
    found: list[CMutant] = []
    for node in walk(root):
        if node.type == "function_definition":
            declarator = node.child_by_field_name("declarator")
            name = next((e for e in walk(declarator) if e.type == "identifier"), None) if declarator else None
            body = node.child_by_field_name("body")
            text = (name.text or b"").decode("utf-8", "replace") if name is not None else ""
            if body is not None and text != "main":
                found += [_mutant(kind, text, place, after) for kind, place, after in _in_body(body)]
    return tuple(found)


def _mutant(kind: MutationKind, function: str, node: Node, after: str) -> CMutant:
    before = (node.text or b"").decode("utf-8", "replace")
    return CMutant(kind, function, int(node.start_point[0]) + 1, before, after, node.start_byte, node.end_byte)


def _in_body(body: Node) -> Iterator[tuple[MutationKind, Node, str]]:
    for node in walk(body, ("preproc_if", "preproc_ifdef", "preproc_def", "preproc_function_def")):
        operator = node.child_by_field_name("operator")
        mark = (operator.text or b"").decode() if operator is not None else ""
        if node.type == "binary_expression" and operator is not None:
            if mark in _OPERATORS:
                yield "operator", operator, _OPERATORS[mark]
            elif mark in _COMPARISONS | _LOGICAL.keys():
                yield "comparison", operator, (_COMPARISONS | _LOGICAL)[mark]
        elif node.type == "assignment_expression" and operator is not None and mark in _ASSIGNING:
            yield "operator", operator, _ASSIGNING[mark]
        elif node.type == "number_literal" and _is_plain(node):
            yield "constant", node, str(int((node.text or b"0").decode()) + 1)
        elif node.type in ("if_statement", "while_statement"):
            condition = node.child_by_field_name("condition")
            if condition is not None:
                yield "condition", condition, f"(!{(condition.text or b'').decode('utf-8', 'replace')})"
        elif node.type == "expression_statement" and _can_go(node):
            yield "statement", node, ";"


def _is_plain(node: Node) -> bool:
    return (node.text or b"").isdigit() and not (node.parent is not None and node.parent.type == "array_declarator")


def _can_go(node: Node) -> bool:
    inner = node.named_children[0] if node.named_children else None
    return inner is not None and inner.type in ("assignment_expression", "update_expression", "call_expression")
