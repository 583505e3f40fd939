"""Functions of a C file cut to prototypes, so that another definition takes their place when the program is linked.

Cutting the text is the one way that works for ``static`` functions too and that no optimiser undoes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.c_text.functions import CFunction, drops_storage, read_functions
from repowright.repo_tools.c_text.syntax import function_declarator, parse, text_of, top_level


@dataclass(frozen=True)
class Cut:
    """A file without the bodies of some functions."""

    text: bytes
    functions: tuple[str, ...]
    """Names of those that were cut."""
    kept: Mapping[str, str]
    """Why others were not, by name."""


def cut_functions(source: bytes, symbols: Mapping[str, str]) -> Cut:
    """Cut functions to prototypes that bind to a symbol each.

    Parameters
    ----------
    symbols
        By the name of the function; another name than the function's own is bound by an assembler label, which a
        ``static`` function needs where two files have one of its name.
    """
    data, root = parse(source)
    kept: dict[str, str] = {}
    done: list[str] = []
    changes: list[tuple[int, int, str]] = []
    for function in read_functions(source):
        if function.name not in symbols:
            continue
        reason = _why_not(function)
        if reason:
            kept[function.name] = reason
            continue
        done.append(function.name)
        head = data[function.start : function.body].decode("utf-8", "replace")
        changes.append((function.start, function.end, _prototype(head, function.name, symbols[function.name])))
    changes += _forward_declarations(root, {name: symbols[name] for name in done})
    for start, end, text in sorted(changes, reverse=True):
        lines = data[start:end].count(b"\n") - text.count("\n")
        data = data[:start] + text.encode() + b"\n" * lines + data[end:]
    return Cut(data, tuple(done), kept)


def _why_not(function: CFunction) -> str:
    if function.is_main:
        return "it is the program's entry"
    if function.variadic:
        return "it takes a variable number of arguments, which stable Rust cannot define"
    return "its parameters are declared in the old style" if function.old_style else ""


def _prototype(head: str, name: str, symbol: str) -> str:
    label = f' __asm__("{symbol}")' if symbol != name else ""
    return f"{drops_storage(head)}{label};"


def _forward_declarations(root: Node, symbols: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Prototypes that say ``static``, or that come before the label, must say the same as the cut one."""
    changes = []
    for node in top_level(root):
        declarator = node.child_by_field_name("declarator") if node.type == "declaration" else None
        found = function_declarator(declarator)
        if found is None:
            continue
        name = text_of(found.child_by_field_name("declarator")).strip("() ")
        if name in symbols:
            head = (node.text or b"").decode("utf-8", "replace").rstrip().removesuffix(";")
            changes.append((node.start_byte, node.end_byte, _prototype(head, name, symbols[name])))
    return changes
