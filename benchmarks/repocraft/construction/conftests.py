"""Fixtures of the ``conftest.py`` files above a test, for what they need and open."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from repowright.repo_tools.python_ast import FunctionNode, decorator_name, parse_quietly

_MOST_BYTES = 2_000_000


class SharedFixtures:
    """Fixtures by name, those of nearer files in place of those further up."""

    def __init__(self, functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]) -> None:
        self.functions = dict(functions)
        self._nodes: dict[str, tuple[ast.AST, ...]] = {}

    def reached(self, names: Iterable[str]) -> list[ast.AST]:
        """Return the nodes of fixtures and of those they ask for in turn."""
        waiting, seen = sorted(names), set[str]()
        found: list[ast.AST] = []
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.functions:
                continue
            seen.add(name)
            function = self.functions[name]
            found += self._nodes.setdefault(name, tuple(ast.walk(function)))
            waiting += [each.arg for each in function.args.args]
        return found


@lru_cache(maxsize=4096)
def shared_fixtures(root: Path, folder: str) -> SharedFixtures:
    """Return what the ``conftest.py`` files of a folder and those above it, up to the root, define."""
    above = shared_fixtures(root, folder.rpartition("/")[0]).functions if folder else {}
    path = root / folder / "conftest.py"
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return SharedFixtures(above)
    tree = parse_quietly(decoded(path.read_bytes())[0])
    body = tree.body if tree is not None else []
    own = {
        node.name: node
        for node in body
        if isinstance(node, FunctionNode) and any(decorator_name(each) == "fixture" for each in node.decorator_list)
    }
    return SharedFixtures({**above, **own})


def decoded(content: bytes) -> tuple[str, str]:
    """Return Python source as text by its declared encoding, or an empty text and what is wrong with it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding), ""
    except (SyntaxError, UnicodeDecodeError, LookupError) as err:
        return "", str(err)
