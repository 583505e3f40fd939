from __future__ import annotations

import ast

from repowright.repo_tools.outline import defines, docstring_of, methods_of, with_head

SOURCE = '''from typing import Any


@property_like
def f(a: int) -> int:
    """Old."""
    ...


class C:
    """A class."""

    def g(self) -> None:
        """Go."""

    async def h(self, x: Any) -> str: ...
'''


def test_docstring_is_cleaned_and_missing_ones_are_empty() -> None:
    assert docstring_of(SOURCE, "f") == "Old."
    assert docstring_of(SOURCE, "C.g") == "Go."
    assert docstring_of(SOURCE, "nothing") == ""


def test_methods_come_in_source_order() -> None:
    methods = methods_of(SOURCE, "C")
    assert [(method.qualname, method.doc) for method in methods] == [("C.g", "Go."), ("C.h", "")]
    assert methods[1].signature == "async def h(self, x: Any) -> str"
    assert methods_of(SOURCE, "f") == []


def test_new_head_keeps_imports_and_decorators() -> None:
    text = with_head(SOURCE, "f", "def f(a: int, b: str) -> int", 'New "text".\n\nMore \\ lines.')
    tree = ast.parse(text)
    assert docstring_of(text, "f") == 'New "text".\n\nMore \\ lines.'
    assert "from typing import Any" in text and "@property_like" in text
    assert sum(isinstance(node, ast.FunctionDef) and node.name == "f" for node in tree.body) == 1


def test_defines_tolerates_text_that_does_not_parse() -> None:
    assert defines(SOURCE, "C.g") and not defines(SOURCE, "g")
    assert not defines("def (", "f")
