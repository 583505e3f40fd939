"""Signatures: their one-line form, and what keeps an implementation from having the planned one."""

from __future__ import annotations

import ast

from repowright.repo_tools.annotations import normal_annotation
from repowright.repo_tools.class_shape import class_problems
from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.parameters import function_problems
from repowright.repo_tools.python_ast import DefinitionNode, FunctionNode, definitions, find, parse
from repowright.repo_tools.stubs import planned_text


def signature_line(node: DefinitionNode) -> str:
    """One normalised line: ``def f(a: int, b: str = 'x') -> bool``, ``class A(Base)``."""
    if isinstance(node, ast.ClassDef):
        arguments = [ast.unparse(part) for part in [*node.bases, *node.keywords]]
        return f"class {node.name}({', '.join(arguments)})" if arguments else f"class {node.name}"
    prefix = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{prefix} {node.name}({_parameter_list(node.args)}){returns}"


def _parameter_list(arguments: ast.arguments) -> str:
    positional = [*arguments.posonlyargs, *arguments.args]
    unset: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    parts = [_one(part, default) for part, default in zip(positional, [*unset, *arguments.defaults], strict=True)]
    if arguments.posonlyargs:
        parts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg or arguments.kwonlyargs:
        parts.append(f"*{_one(arguments.vararg, None) if arguments.vararg else ''}")
    parts += [_one(part, default) for part, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        parts.append(f"**{_one(arguments.kwarg, None)}")
    return ", ".join(parts)


def _one(argument: ast.arg, default: ast.expr | None) -> str:
    text = f"{argument.arg}: {ast.unparse(argument.annotation)}" if argument.annotation else argument.arg
    if default is None:
        return text
    equals = " = " if argument.annotation else "="
    return f"{text}{equals}{ast.unparse(default)}"


def signature_of(source: str, qualname: str) -> str:
    """The signature of a definition as one normalised line.

    Raises
    ------
    SourceError
        If the source does not parse or does not define the name.
    """
    node = find(parse(source), qualname)
    if node is None:
        raise SourceError(f"`{qualname}` is not defined in the source")
    return signature_line(node)


def signature_problems(planned: str, actual_source: str, qualname: str) -> list[str]:
    """Say, one sentence each, how a definition departs from its plan; an empty list when it keeps it.

    Compared are the names, kinds, order and defaults of parameters, ``async``, planned annotations (by their
    normal form), the bases of classes, planned public methods and planned fields. Private additions are free.

    Parameters
    ----------
    planned
        A skeleton or a bare signature that defines ``qualname``, or the last part of it.
    actual_source
        The module that should implement it.
    qualname
        ``f``, ``A`` or ``A.f``.

    Raises
    ------
    SourceError
        If either text does not parse, or the plan does not define the name.
    """
    plan = _planned_node(planned, qualname)
    actual = find(parse(actual_source), qualname)
    if actual is None:
        return [f"`{qualname}` is not defined"]
    if isinstance(plan, ast.ClassDef) and isinstance(actual, ast.ClassDef):
        return class_problems(plan, actual, qualname)
    if isinstance(plan, FunctionNode) and isinstance(actual, FunctionNode):
        return function_problems(plan, actual, qualname)
    wanted, got = ("class", "function") if isinstance(plan, ast.ClassDef) else ("function", "class")
    return [f"`{qualname}` is a {got}; the plan has a {wanted}"]


def _planned_node(planned: str, qualname: str) -> DefinitionNode:
    tree = parse(planned_text(planned))
    last = qualname.rpartition(".")[2]
    node = find(tree, qualname) or find(tree, last)
    if node is None:
        names = ", ".join(name for name, _ in definitions(tree.body)) or "nothing"
        raise SourceError(f"the plan does not define `{qualname}`; it defines {names}")
    return node


def same_annotation(one: str, other: str) -> bool:
    """Whether two annotations, given as text, name one type."""
    try:
        nodes = [ast.parse(text.strip(), mode="eval").body for text in (one, other)]
    except SyntaxError:
        return one.strip() == other.strip()
    return normal_annotation(nodes[0]) == normal_annotation(nodes[1])
