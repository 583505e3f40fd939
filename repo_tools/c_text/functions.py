"""The functions that a C file defines: their spans, parameters and linkage, by the text before preprocessing."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.c_text.syntax import function_declarator, parse, text_of, top_level

_STORAGE = frozenset({"static", "inline", "__inline", "__inline__", "extern", "register"})


@dataclass(frozen=True)
class CParameter:
    """One parameter."""

    name: str
    type: str
    """Of the pointee where it is a pointer, qualifiers left out: ``unsigned char``."""
    pointers: int = 0
    """Stars and array brackets."""
    const: bool = False
    """What it points to is not written."""
    is_function: bool = False


@dataclass(frozen=True)
class CFunction:
    """One definition."""

    name: str
    line: int
    start: int
    """Byte at which the definition begins."""
    body: int
    """Byte of the opening brace."""
    end: int
    result: CParameter
    parameters: tuple[CParameter, ...]
    static: bool = False
    variadic: bool = False
    old_style: bool = False
    """Parameters declared between the list and the body."""

    @property
    def is_main(self) -> bool:
        """True for the entry of a program."""
        return self.name == "main"


def read_functions(source: bytes) -> tuple[CFunction, ...]:
    """Return the function definitions of a file in the order of the text; what cannot be read is left out."""
    _, root = parse(source)
    found = (_function(node) for node in top_level(root) if node.type == "function_definition")
    return tuple(each for each in found if each is not None)


def _function(node: Node) -> CFunction | None:
    declarator = function_declarator(node.child_by_field_name("declarator"))
    body = node.child_by_field_name("body")
    kind = node.child_by_field_name("type")
    if declarator is None or body is None or (node.has_error and body.start_byte == body.end_byte):
        return None
    name = text_of(declarator.child_by_field_name("declarator")).strip("() ")
    words = {text_of(child) for child in node.children if child.type == "storage_class_specifier"}
    listed = declarator.child_by_field_name("parameters")
    parameters = listed.named_children if listed is not None else []
    kinds = [_parameter(each) for each in parameters if each.type == "parameter_declaration"]
    pointers = _stars(node.child_by_field_name("declarator"))
    qualified = any((child.text or b"") == b"const" for child in node.children if child.type == "type_qualifier")
    old_style = any(child.type == "declaration" for child in node.children) or any(
        each.type == "identifier" for each in parameters
    )
    return CFunction(
        name=name,
        line=int(node.start_point[0]) + 1,
        start=node.start_byte,
        body=body.start_byte,
        end=node.end_byte,
        result=CParameter("", text_of(kind), pointers, qualified),
        parameters=() if _is_void(kinds) else tuple(kinds),
        static="static" in words,
        variadic=any(each.type == "variadic_parameter" for each in parameters),
        old_style=old_style,
    )


def _is_void(kinds: list[CParameter]) -> bool:
    return len(kinds) == 1 and kinds[0].type == "void" and not kinds[0].pointers and not kinds[0].name


def _parameter(node: Node) -> CParameter:
    declarator = node.child_by_field_name("declarator")
    const = any((child.text or b"") == b"const" for child in node.children if child.type == "type_qualifier")
    depth, name, is_function = 0, "", False
    while declarator is not None:
        depth += declarator.type.removeprefix("abstract_") in ("pointer_declarator", "array_declarator")
        is_function = is_function or "function_declarator" in declarator.type
        if declarator.type == "identifier":
            name = text_of(declarator)
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type == "parenthesized_declarator":
            inner = next(iter(declarator.named_children), None)
        declarator = inner
    return CParameter(name, text_of(node.child_by_field_name("type")), depth, const, is_function)


def _stars(node: Node | None) -> int:
    count = 0
    while node is not None and node.type == "pointer_declarator":
        count += 1
        node = node.child_by_field_name("declarator")
    return count


def drops_storage(text: str) -> str:
    """A declaration's head without ``static``, ``inline`` and the like."""
    return " ".join(word for word in text.split() if word not in _STORAGE)
