"""What has been read of a JavaScript or TypeScript file so far: the records, and where the sweep stands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from repowright.repo_tools.facts import (
    MODULE,
    Binding,
    BindingKind,
    Definition,
    DefinitionKind,
    Import,
    Inheritance,
)
from repowright.repo_tools.languages.block_comments import Comments
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.javascript_frame import Frame, Role
from repowright.repo_tools.languages.scope_table import ScopeTable

_LEAD = re.compile(rb"(?:\b(?:export|default|declare|const|let|var)\s+)+$")
_LEAD_WORDS = (b"export", b"default", b"declare", b"const", b"let", b"var")
_LEAD_BYTES = 60
_EXPORT = re.compile(r"^(?:(?:export|default|declare) )+")
_SIGNATURE_LIMIT = 500


class Record:
    """Everything handlers add to while a file is swept in source order.

    Parameters
    ----------
    data
        The file, in UTF-8.
    comments
        Its comment nodes.
    """

    def __init__(self, data: bytes, comments: Iterable[Node]) -> None:
        self.data = data
        self.definitions: list[Definition] = []
        self.imports: list[Import] = []
        self.bindings: list[Binding] = []
        self.inheritances: list[Inheritance] = []
        self.exports: dict[str, None] = {}
        self.declares_exports = False
        self.scopes = ScopeTable()
        self.comments = Comments(data, comments)
        self.frames = [Frame(len(data) + 1)]
        self.by_qualname: dict[str, int] = {}
        self.bound: dict[int, int] = {}
        """Start byte of a function or class expression -> the definition it was bound to."""
        self.written: set[int] = set()
        """Start bytes of names that are declared, assigned or listed, not read."""
        self.inner_names: list[tuple[int, bytes]] = []
        """Functions and classes declared in functions: a byte of the function around, and the name."""
        self.decorators: list[str] = []
        self.decorated_from = -1
        self.keyword = b"var"

    def define(
        self,
        kind: DefinitionKind,
        name: str,
        node: Node,
        header_end: int,
        parent: int = MODULE,
        conditional: bool = False,
        qualname: str = "",
    ) -> int:
        """Add the definition a node makes and give its index; its body begins at byte `header_end`."""
        if not qualname:
            qualname = f"{self.definitions[parent].qualname}.{name}" if parent != MODULE else name
        lead = self.lead_of(node.start_byte)
        start, decorators = self._after_decorators(node, lead)
        outer, self.decorated_from = (self.decorated_from, -1) if self.decorated_from >= 0 else (lead, -1)
        first = node.start_point.row + 1
        if outer < node.start_byte:
            first -= self.data.count(b"\n", outer, node.start_byte)
        index = len(self.definitions)
        self.definitions.append(
            Definition(
                kind,
                name,
                qualname,
                (first, node.end_point.row + 1),
                self._signature(start, header_end),
                self.comments.above(outer),
                decorators,
                parent,
                conditional,
            )
        )
        self.by_qualname.setdefault(qualname, index)
        return index

    def lead_of(self, start: int) -> int:
        """Byte at which the keywords before a declaration begin: ``export default``, ``declare``, ``const``."""
        before = self.data[max(0, start - _LEAD_BYTES) : start]
        if not before.rstrip().endswith(_LEAD_WORDS):
            return start
        found = _LEAD.search(before)
        return start - len(found.group()) if found else start

    def _after_decorators(self, node: Node, lead: int) -> tuple[int, tuple[str, ...]]:
        """Byte at which the declaration proper begins, and the decorators before it."""
        texts, self.decorators = self.decorators, []
        if self.data[node.start_byte : node.start_byte + 1] != b"@":
            return lead, tuple(texts)
        start = node.start_byte
        for child in node.children:
            if child.type == "decorator":
                texts.append(self.decorator_text(child))
            elif child.type != "comment":
                start = child.start_byte
                break
        return start, tuple(texts)

    def decorator_text(self, node: Node) -> str:
        """A decorator as written, without its sign."""
        return one_line(self.data[node.start_byte + 1 : node.end_byte].decode("utf-8", "replace"))

    def _signature(self, start: int, end: int) -> str:
        text = one_line(self.data[start : min(end, start + 4 * _SIGNATURE_LIMIT)].decode("utf-8", "ignore"))
        text = _EXPORT.sub("", text).rstrip("; ")
        return text if len(text) <= _SIGNATURE_LIMIT else text[: _SIGNATURE_LIMIT - 3] + "..."

    def enter(self, node: Node, definition: int, role: Role, frame: Frame, holder: int = MODULE) -> None:
        """Go into a function, class or namespace; without a definition its contents belong to the one around."""
        scope = frame.scope if definition == MODULE else definition
        self.scopes.add(node.start_byte, node.end_byte, scope)
        conditional = frame.conditional and role != "function"
        self.frames.append(Frame(node.end_byte, scope, role, holder, conditional))

    def bind(self, scope: int, name: str, found: tuple[str, BindingKind] | None, node: Node) -> None:
        """Note what a name stands for, if that is known."""
        if found is not None and found[0] and found[0] != name:
            self.bindings.append(Binding(scope, name, found[0], found[1], node.start_point.row + 1))

    def export(self, name: str, local: str, node: Node) -> None:
        """Note that a name is exported, and which name of the file it stands for."""
        self.declares_exports = True
        self.exports[name] = None
        if local and local != name:
            self.bindings.append(Binding(MODULE, name, local, "name", node.start_point.row + 1))
