"""What an adapted test has to keep before it is run: the real test's functions, values and assertions, and no way out.

The reference asks its model for assertions and checks nothing (RPG-ZeroRepo, ``repocraft/framework``).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from repowright.benchmarks.repocraft.evaluate.gold import expected_values, parsed
from repowright.repo_tools.assertions import AssertionCounter
from repowright.repo_tools.python_ast import FunctionNode, dotted

KEPT = 0.5
"""Share of the real test's telling values that the adapted one must still hold; some belong to the other API."""

_SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip", "skipTest", "skipIf", "skipUnless", "expectedFailure"})
_EXITS = frozenset({"sys.exit", "os._exit", "os.abort", "os.kill", "exit", "quit", "pytest.exit", "exec", "eval"})
_DYNAMIC = frozenset({"__import__", "importlib.import_module", "import_module", "runpy.run_module", "runpy.run_path"})
_BROAD = frozenset({"", "Exception", "BaseException", "AssertionError"})
_HANDLER = "except"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Rules:
    """What one task's adapted test is held to.

    Parameters
    ----------
    functions
        Names of the real test's functions.
    packages
        What the repository is imported as.
    real
        What the real project is imported as.
    third_parties
        What else the real test imports.
    """

    gold: str
    functions: tuple[str, ...]
    packages: tuple[str, ...]
    real: tuple[str, ...]
    third_parties: tuple[str, ...]


def problems_of(code: str, rules: Rules) -> list[str]:
    """Say, one sentence each, what keeps an adapted test from being run."""
    tree = ast.parse(code)
    return [
        *_functions(tree, rules),
        *_imports(tree, rules),
        *_ways_out(tree, rules),
        *_reach(tree, rules),
        *_values(tree, rules),
    ]


def collected_tests(tree: ast.Module) -> list[tuple[str, FunctionNode]]:
    """Return node ids without the file, and nodes, of the tests that pytest collects from a module."""
    found: list[tuple[str, FunctionNode]] = []
    for node in tree.body:
        if isinstance(node, FunctionNode) and node.name.startswith("test"):
            found.append((node.name, node))
        elif isinstance(node, ast.ClassDef) and _is_collected(node):
            inner = [each for each in node.body if isinstance(each, FunctionNode) and each.name.startswith("test")]
            found += [(f"{node.name}::{each.name}", each) for each in inner]
    return found


def _is_collected(node: ast.ClassDef) -> bool:
    return node.name.startswith("Test") or any(dotted(base).endswith("TestCase") for base in node.bases)


def _functions(tree: ast.Module, rules: Rules) -> Iterator[str]:
    found = collected_tests(tree)
    names = sorted(node.name for _, node in found)
    if names != sorted(rules.functions):
        yield f"the test functions are {', '.join(names) or 'none'}; they must be {', '.join(rules.functions)}"
    gold = parsed(rules.gold)
    asserting = _asserting(gold)
    counter = AssertionCounter(tree)
    for name, node in found:
        if node.name in asserting and not counter.count(node):
            yield f"{name} asserts nothing"
    wanted, own = _assertions(gold), _assertions(tree)
    if own < wanted:
        yield f"the real test has {wanted} assertions, this one {own}: keep every one"


def _asserting(gold: ast.Module) -> set[str]:
    counter = AssertionCounter(gold)
    return {node.name for node in ast.walk(gold) if isinstance(node, FunctionNode) and counter.count(node)}


def _assertions(tree: ast.Module) -> int:
    counter = AssertionCounter(tree)
    return sum(counter.count(node) for node in ast.walk(tree) if isinstance(node, FunctionNode))


def _imports(tree: ast.Module, rules: Rules) -> Iterator[str]:
    allowed = {"pytest", *rules.packages, *rules.third_parties} - set(rules.real)
    allowed |= set(rules.packages)
    for name in _imported(tree):
        top = name.partition(".")[0]
        if not top:
            yield "a relative import does not work in a test"
        elif top not in allowed and top not in sys.stdlib_module_names:
            yield f"`{name}` must not be imported: only {', '.join(sorted(allowed))} and the standard library"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "" if node.level else node.module or ""


def _ways_out(tree: ast.Module, rules: Rules) -> Iterator[str]:
    """What would keep a failure from showing; what the real test does as well is its own affair, but for skips."""
    known = {name for _, name in _suspects(parsed(rules.gold))}
    for line, name in _suspects(tree):
        if name.rpartition(".")[2] in _SKIPS:
            yield f"line {line}: `{name}` keeps a test from counting"
        elif name == _HANDLER and name not in known:
            yield f"line {line}: the handler swallows what shall fail the test"
        elif name not in known:
            yield f"line {line}: `{name}` is not allowed in a test"


def _suspects(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            if name.rpartition(".")[2] in _SKIPS or name in _DYNAMIC or name in _EXITS:
                yield node.lineno, name
        elif isinstance(node, ast.Try) and any(_swallows(handler) for handler in node.handlers):
            yield node.lineno, _HANDLER


def _swallows(handler: ast.ExceptHandler) -> bool:
    """A broad handler that neither raises nor fails again."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(kind is None or dotted(kind).rpartition(".")[2] in _BROAD for kind in kinds)
    again = any(
        isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and dotted(node.func).endswith("fail"))
        for part in handler.body
        for node in ast.walk(part)
    )
    return broad and not again


def _reach(tree: ast.Module, rules: Rules) -> Iterator[str]:
    """That a located unit runs is seen when the test is run; before, the test must use the repository at all."""
    if not any(name.partition(".")[0] in rules.packages for name in _imported(tree)):
        yield f"it does not import {' or '.join(rules.packages)}, which it shall test"


def _values(tree: ast.Module, rules: Rules) -> Iterator[str]:
    gold = expected_values(parsed(rules.gold), rules.real)
    missing = gold - expected_values(tree)
    if len(gold) >= 2 and len(gold) - len(missing) < KEPT * len(gold):
        named = ", ".join(sorted(repr(value)[:60] for value in missing)[:_MOST_NAMED])
        yield f"inputs and expected values of the real test are missing: {named}"
