"""The source of a group's tests, as a task shows it."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from repowright.benchmarks.repocraft.construction.conftests import decoded
from repowright.benchmarks.repocraft.construction.grouping import Group
from repowright.benchmarks.repocraft.construction.records import FUNCTIONS
from repowright.repo_tools.python_ast import DefinitionNode, definitions, lines_of, parse_quietly


class TestSources:
    """Test files of a release, each read once."""

    __test__ = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[str, list[str]] = {}
        self._classes: dict[str, dict[str, DefinitionNode]] = {}

    def of(self, group: Group) -> str:
        """Return the functions, methods below the line of their class; a mixin is followed by the class it runs in."""
        parts = [self._functions(group, owner) for owner in dict.fromkeys(test.owner for test in group.tests)]
        return "\n\n\n".join(parts).rstrip() + "\n"

    def _functions(self, group: Group, owner: str) -> str:
        lines = self._of_file(group.file)
        tests = [test for test in group.tests if test.owner == owner]
        texts = ["".join(lines[test.span[0] - 1 : test.span[1]]).rstrip() for test in tests]
        if owner == FUNCTIONS:
            return "\n\n\n".join(textwrap.dedent(text) for text in texts)
        body = "\n\n".join(textwrap.indent(textwrap.dedent(text), "    ") for text in texts)
        mixin = "" if tests[0].runs_as == owner else f"\n\n\n{self._class_line(group.file, tests[0].runs_as)}\n    ..."
        return f"{self._class_line(group.file, owner)}\n{body}{mixin}"

    def _class_line(self, file: str, name: str) -> str:
        if file not in self._classes:
            tree = parse_quietly("".join(self._of_file(file)))
            self._classes[file] = dict(definitions(tree.body)) if tree is not None else {}
        node = self._classes[file].get(name.replace("::", "."))
        inherited = [*node.bases, *node.keywords] if isinstance(node, ast.ClassDef) else []
        bases = ", ".join(ast.unparse(each) for each in inherited)
        return f"class {name.rpartition('::')[2]}({bases}):" if bases else f"class {name.rpartition('::')[2]}:"

    def _of_file(self, file: str) -> list[str]:
        if file not in self._lines:
            self._lines[file] = lines_of(decoded((self._root / file).read_bytes())[0])
        return self._lines[file]
