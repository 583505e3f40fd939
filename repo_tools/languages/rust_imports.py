"""Imports of a Rust file: ``use`` trees, ``extern crate`` and modules that stand in files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from repowright.repo_tools.facts import Import
from repowright.repo_tools.languages.compiled_places import ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText


def imports_of(uses: Iterable[Node], modules: Iterable[Node], source: SourceText, scopes: ScopeMap) -> list[Import]:
    """Everything the file brings in, in source order."""
    found: list[Import] = []
    for node in uses:
        found += _crate(node, source, scopes) if node.type == "extern_crate_declaration" else _use(node, source, scopes)
    for node in modules:
        if node.child_by_field_name("body") is None:
            name = source.text(node.child_by_field_name("name"))
            line = source.line(node.start_byte)
            found.append(Import(name, "", "", 0, line, exported=_is_public(node), scope=scopes.at(node.start_byte)))
    return sorted(found, key=lambda entry: entry.line)


def _is_public(node: Node) -> bool:
    return any(child.type == "visibility_modifier" for child in node.children)


def _crate(node: Node, source: SourceText, scopes: ScopeMap) -> list[Import]:
    name = source.text(node.child_by_field_name("name"))
    alias = source.text(node.child_by_field_name("alias"))
    line = source.line(node.start_byte)
    return [Import(name, "", alias, 0, line, exported=_is_public(node), scope=scopes.at(node.start_byte))]


def _use(node: Node, source: SourceText, scopes: ScopeMap) -> Iterator[Import]:
    exported = _is_public(node)
    scope = scopes.at(node.start_byte)
    pending = [(node.child_by_field_name("argument"), "")]
    while pending:
        part, prefix = pending.pop()
        if part is None:
            continue
        if part.type in ("scoped_use_list", "use_list"):
            listed = part.child_by_field_name("list") if part.type == "scoped_use_list" else part
            inner = _joined(prefix, _path(part.child_by_field_name("path"), source))
            pending += [(child, inner) for child in reversed(listed.named_children)] if listed is not None else []
            continue
        alias = source.text(part.child_by_field_name("alias"))
        path = part.child_by_field_name("path") if part.type == "use_as_clause" else part
        is_star = part.type == "use_wildcard"
        module, name = _split(_path(path, source), prefix, is_star)
        line = source.line(part.start_byte)
        if part.type not in ("line_comment", "block_comment") and module:
            yield Import(module, name, alias, 0, line, is_star=is_star, exported=exported, scope=scope)


def _path(node: Node | None, source: SourceText) -> str:
    return "".join(source.text(node).split()).removeprefix("::")


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}::{path}" if prefix and path else prefix or path


def _split(path: str, prefix: str, is_star: bool) -> tuple[str, str]:
    """Module and name; a lone name at the top is a module, and so is ``self`` in braces."""
    if is_star:
        return _joined(prefix, path.removesuffix("*").removesuffix("::")) or "crate", "*"
    if path == "self" and prefix:
        return prefix, ""
    head, _, name = _joined(prefix, path).rpartition("::")
    return (head, name) if head else (name, "")
