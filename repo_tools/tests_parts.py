"""One writer's part of a test module, cut into imports, helpers, fixtures and tests."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from repowright.repo_tools.errors import ComposeError, SourceError
from repowright.repo_tools.import_statements import parse_bindings
from repowright.repo_tools.merge import Part
from repowright.repo_tools.module_parts import ModuleParts, TopLevel, module_parts
from repowright.repo_tools.python_ast import FunctionNode, decorator_name, is_docstring
from repowright.repo_tools.tests import is_test_class
from repowright.repo_tools.unit_parts import (
    effect_problem,
    import_problems,
    named_texts,
    repeated,
    statements_of,
)

_MODULE_WIDE = frozenset(
    {"pytest_plugins", "pytestmark", "setup_function", "setup_module", "teardown_function", "teardown_module"}
)


def split_tests(label: str, code: str, shared: bool) -> Part:
    """Cut a part of a test module.

    Parameters
    ----------
    shared
        Whether other parts go into the same module, which nothing here may then act on.

    Raises
    ------
    ComposeError
        If the part does not parse or must not be merged; ``problems`` holds one sentence for each reason.
    """
    try:
        parts = module_parts(code)
    except SourceError as error:
        raise ComposeError(f"the tests of `{label}` cannot be composed", (error.message,)) from error
    kept = [part for part in parts.statements if not isinstance(part.node, ast.Pass) and not is_docstring(part.node)]
    problems = _problems(parts, kept, shared)
    if problems:
        raise ComposeError(f"the tests of `{label}` cannot be composed", tuple(problems))
    tests = [part for part in kept if _is_test(part)]
    helpers = [part for part in kept if not _is_test(part)]
    return Part(
        label,
        tuple(parse_bindings(statements_of(parts.imports))),
        tuple(parse_bindings(statements_of(parts.type_checking))),
        named_texts(helpers),
        named_texts(tests),
        frozenset(part.names[0] for part in helpers if _fixture(part) is not None),
    )


def _is_test(part: TopLevel) -> bool:
    if isinstance(part.node, ast.ClassDef):
        return is_test_class(part.node)
    return isinstance(part.node, FunctionNode) and part.node.name.startswith("test")


def _fixture(part: TopLevel) -> ast.expr | None:
    decorators = part.node.decorator_list if isinstance(part.node, FunctionNode) else []
    return next((decorator for decorator in decorators if decorator_name(decorator) == "fixture"), None)


def _problems(parts: ModuleParts, kept: Sequence[TopLevel], shared: bool) -> list[str]:
    problems = import_problems(parts) + repeated(kept)
    for part in kept:
        problem = effect_problem(part)
        if problem:
            problems.append(problem)
        elif shared and (_MODULE_WIDE.intersection(part.names) or _is_autouse(part)):
            problems.append(f"line {part.line}: `{part.names[0]}` would act on tests of other parts too")
    return problems


def _is_autouse(part: TopLevel) -> bool:
    decorator = _fixture(part)
    options = decorator.keywords if isinstance(decorator, ast.Call) else []
    return any(option.arg == "autouse" and ast.unparse(option.value) != "False" for option in options)
