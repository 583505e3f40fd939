"""What of a Rust file the compiler does not vouch for, and where it is hidden behind safe signatures.

Comments and strings do not count; the arguments and rules of macros do, by their tokens. Only raw pointers
dereferenced in unsafe code can be counted without types: ``dereferences`` holds references too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from tree_sitter import Node

from repowright.repo_tools.rust_source.laundering import Laundered, find_laundering
from repowright.repo_tools.rust_source.syntax import RustTree, first_child, named, tokens, walk

_TRANSMUTES = frozenset({"transmute", "transmute_copy", "transmute_unchecked"})
_RAW_BORROWS = frozenset({"addr_of", "addr_of_mut"})
_ITEMS_AFTER = {"fn": "functions", "extern": "functions", "impl": "impls", "trait": "traits", "{": "blocks"}


@dataclass(frozen=True)
class UnsafeCount:
    """Counts of one file or of several added up."""

    blocks: int = 0
    functions: int = 0
    impls: int = 0
    traits: int = 0
    extern_blocks: int = 0
    static_mut: int = 0
    transmutes: int = 0
    attributes: int = 0
    """Such as ``#[no_mangle]`` and ``#[unsafe(no_mangle)]``: promises that the compiler does not check."""
    raw_pointer_types: int = 0
    raw_casts: int = 0
    """Casts to a raw pointer, ``&raw`` and ``addr_of!``."""
    dereferences: int = 0
    """Unary ``*`` in unsafe code."""
    lines: int = 0
    """Lines of unsafe blocks and bodies of unsafe functions, each counted once."""
    laundering: tuple[Laundered, ...] = ()

    @property
    def total(self) -> int:
        """Places that must not be there where a crate has to be safe; pointer types alone are harmless."""
        keywords = self.blocks + self.functions + self.impls + self.traits
        return keywords + self.extern_blocks + self.static_mut + self.transmutes + self.attributes

    def __add__(self, other: UnsafeCount) -> UnsafeCount:
        return UnsafeCount(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def count_unsafe(source: bytes) -> UnsafeCount:
    """Count what is unsafe in one file."""
    tree = RustTree(source)
    counter = _Counter(tree)
    for node in walk(tree.root):
        counter.see(node)
    return counter.result(find_laundering(tree))


def count_all(sources: Iterable[bytes]) -> UnsafeCount:
    """Count what is unsafe in several files together."""
    return sum((count_unsafe(source) for source in sources), UnsafeCount())


class _Counter:
    def __init__(self, tree: RustTree) -> None:
        self._tree = tree
        self._counts = {each.name: 0 for each in fields(UnsafeCount) if each.name != "laundering"}
        self._regions: list[Node] = []

    def result(self, laundering: Sequence[Laundered]) -> UnsafeCount:
        lines = {line for node in self._regions for line in range(node.start_point[0], node.end_point[0] + 1)}
        stars = {
            node.start_byte
            for region in self._regions
            for node in walk(region)
            if node.type == "unary_expression" and node.children[0].type == "*"
        }
        counts = {**self._counts, "lines": len(lines), "dereferences": len(stars)}
        return UnsafeCount(**counts, laundering=tuple(laundering))

    def see(self, node: Node) -> None:
        """Count one node."""
        kind = node.type
        if kind == "unsafe_block":
            self._add("blocks")
            self._regions.append(node)
        elif kind in ("function_item", "function_signature_item"):
            self._see_function(node)
        elif kind in ("impl_item", "trait_item") and first_child(node, "unsafe") is not None:
            self._add("impls" if kind == "impl_item" else "traits")
        elif kind == "foreign_mod_item":
            self._add("extern_blocks")
        elif kind == "static_item" and first_child(node, "mutable_specifier") is not None:
            self._add("static_mut")
        elif kind == "token_tree":
            self._see_tokens(node)
        else:
            self._see_expression(node)

    def _see_function(self, node: Node) -> None:
        modifiers = first_child(node, "function_modifiers")
        if modifiers is not None and first_child(modifiers, "unsafe") is not None:
            self._add("functions")
            body = named(node, "body")
            self._regions += [body] if body is not None else []

    def _see_expression(self, node: Node) -> None:
        kind = node.type
        if kind == "pointer_type":
            self._add("raw_pointer_types")
        elif kind == "type_cast_expression":
            target = named(node, "type")
            self._add("raw_casts", target is not None and target.type == "pointer_type")
        elif kind == "reference_expression":
            self._add("raw_casts", first_child(node, "raw") is not None)
        elif kind == "macro_invocation":
            self._add("raw_casts", self._tree.text(named(node, "macro")).rpartition("::")[2] in _RAW_BORROWS)
        elif kind == "identifier" and _is_path_end(node) and (node.text or b"").decode() in _TRANSMUTES:
            self._add("transmutes")
        elif kind == "attribute":
            found = tokens(node)
            linked = {"no_mangle", "export_name", "link_section"} & set(found)
            self._add("attributes", bool(linked) or found[0] == "unsafe")

    def _see_tokens(self, node: Node) -> None:
        """Read the tokens that stand directly in one group of a macro; groups within come on their own."""
        if node.parent is not None and node.parent.type == "attribute":
            return
        children = node.children
        for place, child in enumerate(children):
            after = children[place + 1] if place + 1 < len(children) else None
            if child.type == "unsafe" and after is not None:
                mark = "{" if after.type == "token_tree" else (after.text or b"").decode()
                self._add(_ITEMS_AFTER.get(mark, "blocks"))
                self._regions += [after] if after.type == "token_tree" else []
            elif child.type == "identifier" and (child.text or b"").decode() in _TRANSMUTES:
                self._add("transmutes")
            elif child.type == "static" and after is not None and after.type == "mutable_specifier":
                self._add("static_mut")

    def _add(self, name: str, when: bool = True) -> None:
        self._counts[name] += when


def _is_path_end(node: Node) -> bool:
    """True for a name that is used: neither the front of a path nor in an import or a group of tokens."""
    parent = node.parent
    if parent is None or parent.type in ("token_tree", "use_declaration", "use_list", "function_item"):
        return False
    if parent.type != "scoped_identifier":
        return True
    above = parent.parent
    return named(parent, "name") == node and (above is None or above.type not in ("use_declaration", "use_list"))
