"""C as it is written: definitions with the comments above them, macros that a text mentions."""

from __future__ import annotations

import re

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.graph.model import Node

_WORD = re.compile(r"[^\W\d]\w*")
_MOST_COMMENT = 30
_MOST_BODY = 200
_ROUNDS = 3


class Excerpts:
    """Reads pieces of a project's text."""

    def __init__(self, encoded: EncodedC) -> None:
        self._encoded = encoded
        self._lines: dict[str, list[str]] = {}

    def definition(self, key: Key) -> str:
        """A function or variable with the comment above it and the place it stands at."""
        node = self._encoded.nodes.get(key)
        if node is not None:
            return self.of_node(self._encoded.graph.node(node))
        function = self._encoded.links.functions.get(key)
        if function is None:
            return f"/* {key.path}: {key.name} */"
        return self._part(key.path, function.site.line, function.last_line)

    def of_node(self, node: Node) -> str:
        """The text of a node with the comment above it."""
        first, last = node.place.span if node.place and node.place.span else (1, 0)
        function = self._encoded.links.functions.get(Key(node.path, node.name))
        if function is not None:
            first, last = min(first, function.site.line), max(last, function.last_line)
        return self._part(node.path, first, last)

    def macros(self, text: str) -> list[str]:
        """Definitions of the project's macros that a text mentions, and of those that they mention in turn."""
        known = {macro.name: macro for unit in self._encoded.units for macro in unit.macros}
        found: dict[str, str] = {}
        words = set(_WORD.findall(text))
        for _ in range(_ROUNDS):
            new = sorted((words & known.keys()) - found.keys())
            for name in new:
                macro = known[name]
                parameters = "" if macro.parameters is None else f"({', '.join(macro.parameters)})"
                found[name] = f"#define {name}{parameters} {macro.value}".rstrip()
                words |= set(_WORD.findall(macro.value))
        return [found[name] for name in sorted(found)]

    def _part(self, path: str, first: int, last: int) -> str:
        lines = self._of(path)
        begin = self._above(lines, self._opened(lines, first - 1, last))
        body = "\n".join(lines[begin:last]).strip("\n")
        return f"/* {path}:{begin + 1} */\n{body}"

    def _opened(self, lines: list[str], first: int, last: int) -> int:
        """The line at which a definition is opened: the name of a type may stand behind its closing brace alone."""
        begin = first
        part = "\n".join(lines[begin:last])
        while begin > 0 and first - begin < _MOST_BODY and part.count("}") > part.count("{"):
            begin -= 1
            part = f"{lines[begin]}\n{part}"
        return begin if part.count("}") <= part.count("{") else first

    def _above(self, lines: list[str], first: int) -> int:
        """The line at which the comment right above a definition begins."""
        begin = first
        inside = False
        while begin > 0 and first - begin < _MOST_COMMENT:
            line = lines[begin - 1].strip()
            if inside:
                inside = not line.startswith("/*")
            elif line.endswith("*/"):
                inside = not line.startswith("/*")
                if inside and "/*" in line:
                    break
            elif not line.startswith("//"):
                break
            begin -= 1
        return first if inside else begin

    def _of(self, path: str) -> list[str]:
        if path not in self._lines:
            data = self._encoded.project.files.get(path, b"")
            self._lines[path] = data.decode("utf-8", "replace").splitlines()
        return self._lines[path]
