"""Signatures of Rust functions in a normal form: two that mean the same read the same."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.rust_source.syntax import RustTree, first_child, joined, named, tokens


@dataclass(frozen=True)
class Parameter:
    """One parameter: its pattern as written and its type in normal form; ``self`` is its own type."""

    name: str
    type: str


@dataclass(frozen=True)
class Signature:
    """What callers of a function see."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    """Empty for the unit type."""
    qualifiers: tuple[str, ...] = ()
    """Of ``const``, ``async``, ``unsafe`` and ``extern "C"``, in that order."""
    generics: str = ""
    where: str = ""

    @property
    def normal(self) -> str:
        """The signature without names of parameters, visibility, comments and layout."""
        head = " ".join((*self.qualifiers, "fn", self.name))
        types = ", ".join(each.type for each in self.parameters)
        result = f" -> {self.result}" if self.result else ""
        where = f" {self.where}" if self.where else ""
        return f"{head}{self.generics}({types}){result}{where}"

    @property
    def is_unsafe(self) -> bool:
        """True where only unsafe code may call it."""
        return "unsafe" in self.qualifiers

    def accepts(self, other: Signature) -> bool:
        """Tell whether a caller of this signature can call the other one; ``const`` may be added."""
        return self.normal == other.normal or self._without("const") == other._without("const")

    def _without(self, qualifier: str) -> str:
        return self.normal.removeprefix(f"{qualifier} ")


def signature_of(node: Node, tree: RustTree) -> Signature:
    """Read the signature of a ``function_item`` or ``function_signature_item``."""
    modifiers = first_child(node, "function_modifiers")
    result = named(node, "return_type")
    where = first_child(node, "where_clause")
    generics = named(node, "type_parameters")
    told = joined(tokens(result)) if result is not None else ""
    return Signature(
        name=tree.text(named(node, "name")),
        parameters=_parameters(named(node, "parameters"), tree),
        result="" if told == "()" else told,
        qualifiers=_qualifiers(modifiers),
        generics=joined(tokens(generics)) if generics is not None else "",
        where=joined(tokens(where)) if where is not None else "",
    )


def _qualifiers(modifiers: Node | None) -> tuple[str, ...]:
    if modifiers is None:
        return ()
    found = [" ".join(tokens(child)) for child in modifiers.children]
    # `extern` alone means the C calling convention.
    found = ['extern "C"' if each == "extern" else each for each in found]
    order = ("const", "async", "unsafe")
    return tuple(sorted(found, key=lambda each: order.index(each) if each in order else len(order)))


def _parameters(node: Node | None, tree: RustTree) -> tuple[Parameter, ...]:
    if node is None:
        return ()
    found = []
    for child in node.named_children:
        if child.type == "self_parameter":
            parts = tokens(child)
            # `mut self` says nothing to the caller, `&mut self` does.
            parts = [part for part in parts if part != "mut"] if parts[0] == "mut" else parts
            found.append(Parameter("self", joined(parts)))
        elif child.type == "parameter":
            kind = named(child, "type")
            found.append(Parameter(tree.text(named(child, "pattern")), joined(tokens(kind)) if kind else ""))
        elif child.type == "variadic_parameter":
            found.append(Parameter("", "..."))
    return tuple(found)
