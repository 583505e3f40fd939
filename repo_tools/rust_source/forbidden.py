"""Things a translation to safe Rust must not lean on: C code, other processes, files drawn in, being tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from repowright.repo_tools.rust_source.syntax import (
    COMMENTS,
    RustTree,
    first_child,
    joined,
    line_of,
    named,
    tokens,
    walk,
)

ForbiddenKind = Literal["foreign", "process", "included", "test sniffing"]
_INCLUDING = frozenset({"include", "include_str", "include_bytes"})
_ASSEMBLY = frozenset({"asm", "global_asm", "naked_asm"})
_C_CRATES = frozenset({"libc", "winapi", "nix", "libloading", "cc", "bindgen"})


@dataclass(frozen=True)
class Forbidden:
    """One place of a file."""

    kind: ForbiddenKind
    line: int
    text: str
    """What stands there, on one line, at most eighty characters."""


def find_forbidden(source: bytes) -> tuple[Forbidden, ...]:
    """Return the places of a file, in order, that call C, start processes, include files or ask whether tests run."""
    tree = RustTree(source)
    found: list[Forbidden] = []
    for node in walk(tree.root, COMMENTS):
        kind = _kind(node, tree)
        if kind is not None and not (found and found[-1].line == line_of(node) and found[-1].kind == kind):
            found.append(Forbidden(kind, line_of(node), " ".join(tree.text(node).split())[:80]))
    return tuple(found)


def _kind(node: Node, tree: RustTree) -> ForbiddenKind | None:
    if node.type == "foreign_mod_item" or (node.type == "function_modifiers" and first_child(node, "extern_modifier")):
        return "foreign"
    if node.type == "macro_invocation":
        return _of_macro(node, tree)
    if node.type in ("use_declaration", "extern_crate_declaration", "scoped_identifier", "scoped_type_identifier"):
        return _of_path(joined(tokens(node)).replace("use ", "", 1).removeprefix("pub "))
    if node.type == "attribute":
        text = joined(tokens(node))
        if text.startswith(("cfg(not(test", "cfg_attr(test", "cfg_attr(not(test")):
            return "test sniffing"
        return "foreign" if text.startswith("link(") else None
    return None


def _of_macro(node: Node, tree: RustTree) -> ForbiddenKind | None:
    name = tree.text(named(node, "macro")).rpartition("::")[2]
    if name in _INCLUDING:
        return "included"
    if name in _ASSEMBLY:
        return "foreign"
    return "test sniffing" if name == "cfg" and "test" in tokens(node) else None


def _of_path(path: str) -> ForbiddenKind | None:
    first = path.removeprefix("extern crate ").removeprefix("::").partition("::")[0].rstrip(";")
    if first in _C_CRATES or "std::ffi::c_" in path or "os::raw" in path:
        return "foreign"
    if "process::Command" in path or ("std::process::" in path and ("*" in path or "Command" in path)):
        return "process"
    return None
