"""How much Python a repository holds, as the paper counts: files, normalised lines, tokens (section 5.1)."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.measure.token_counts import Counter
from repowright.repo_tools.folder_walk import walk
from repowright.repo_tools.python_ast import parse_quietly

_TESTS = {"test", "tests", "testing"}
_SHOWN = {"example", "examples", "demo", "demos", "doc", "docs"}
_TOOLS = {"benchmark", "benchmarks", "script", "scripts", "build_tools", "resource", "resources", "site-packages"}
_LEFT_OUT = _TESTS | _SHOWN | _TOOLS
"""Folders and files that are no product code. Two are beyond the paper's words, from its released script: scripts
and documentation; so ``django/test`` is not counted there either, and figures can be compared."""

_LARGEST = 4_000_000
"""Bytes; a longer file is data that ends in ``.py``."""

_SILENT = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Size:
    """The product code of a repository.

    Parameters
    ----------
    files
        Python files that hold code, without tests, examples and benchmarks.
    lines
        Normalised: without comments, docstrings and blank lines.
    tokens
        Of the normalised lines.
    counted_by
        What counted the tokens.
    unparsed
        Files Python cannot parse; their lines are counted without knowing docstrings.
    """

    files: int
    lines: int
    tokens: int
    counted_by: str
    unparsed: tuple[str, ...] = ()


def size(folder: Path, counter: Counter) -> Size:
    """Measure a folder; links are not followed, and files that are no text are left out."""
    files = lines = tokens = 0
    unparsed = []
    for path, source in _sources(folder):
        normal = normalised(source)
        if normal is None:
            unparsed.append(path)
            normal = _uncommented(source)
        if normal:
            files += 1
            lines += len(normal)
            tokens += counter.count("\n".join(normal))
    return Size(files, lines, tokens, counter.name, tuple(unparsed))


def is_product(path: str) -> bool:
    """Whether a path inside a repository names product code in Python.

    Examples
    --------
    >>> [is_product(path) for path in ("app/core.py", "app/tests/core.py", "app/test_core.py", "app/testament.py")]
    [True, False, False, True]
    """
    if not path.endswith(".py"):
        return False
    *folders, stem = path.removesuffix(".py").lower().split("/")
    if stem == "conftest" or stem.startswith("test_") or stem.endswith("_test"):
        return False
    return not any(part in _LEFT_OUT or part.startswith((".", "test_")) for part in (*folders, stem))


def normalised(source: str) -> list[str] | None:
    """Return the lines that hold code, comments cut off; ``None`` if Python cannot parse the text.

    Examples
    --------
    >>> normalised('def f():  # why\\n    "what"\\n\\n    return 1\\n')
    ['def f():', '    return 1']
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    tree = parse_quietly(source)
    if tree is None:
        return None
    lines = source.split("\n")
    silent = _docstrings(tree)
    try:
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if _speaks(token, silent)]
    except (tokenize.TokenError, SyntaxError):
        return None
    return [line for line in _kept(tokens, lines) if line]


def _kept(tokens: list[tokenize.TokenInfo], lines: list[str]) -> Iterator[str]:
    """Yield the lines that tokens touch; what follows the last token of a line is a comment."""
    ends: dict[int, int | None] = {}
    for token in tokens:
        ends |= dict.fromkeys(range(token.start[0], token.end[0]))
        ends[token.end[0]] = token.end[1]
    for number in sorted(ends):
        yield lines[number - 1][: ends[number]].rstrip()


def _speaks(token: tokenize.TokenInfo, silent: set[int]) -> bool:
    return token.type not in _SILENT and not (token.type == tokenize.STRING and token.start[0] in silent)


def _docstrings(tree: ast.Module) -> set[int]:
    """Return the lines that strings of docstrings begin on; a string of code never begins on one of them."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            found |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return found


def _uncommented(source: str) -> list[str]:
    return [line.rstrip() for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _sources(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(filter(is_product, walk(str(folder)))):
        file = folder / path
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGEST:
            continue
        try:
            with tokenize.open(file) as stream:
                yield path, stream.read()
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
