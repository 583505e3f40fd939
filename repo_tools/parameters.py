"""Parameters of functions compared with their plan."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from repowright.repo_tools.annotations import normal_annotation
from repowright.repo_tools.python_ast import FunctionNode, decorator_name

_BINDINGS = {
    "staticmethod": "a static method",
    "classmethod": "a class method",
    "property": "a property",
    "cached_property": "a property",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter; its kind is ``positional-only``, ``positional``, ``*args``, ``keyword-only`` or so."""

    name: str
    kind: str
    has_default: bool
    annotation: str


def parameters_of(node: FunctionNode) -> list[Parameter]:
    """The parameters in the order of the signature, annotations in normal form."""
    return list(_parameters(node.args))


def _parameters(arguments: ast.arguments) -> Iterator[Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    for index, argument in enumerate(positional):
        kind = "positional-only" if index < len(arguments.posonlyargs) else "positional"
        yield _parameter(argument, kind, index >= first_default)
    if arguments.vararg:
        yield _parameter(arguments.vararg, "*args", False)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, "keyword-only", default is not None)
    if arguments.kwarg:
        yield _parameter(arguments.kwarg, "**kwargs", False)


def _parameter(argument: ast.arg, kind: str, has_default: bool) -> Parameter:
    annotation = normal_annotation(argument.annotation) if argument.annotation else ""
    return Parameter(argument.arg, kind, has_default, annotation)


def function_problems(plan: FunctionNode, actual: FunctionNode, qualname: str) -> list[str]:
    """Say, one sentence each, how a function departs from its planned signature."""
    problems = _form_problems(plan, actual, qualname)
    planned, got = parameters_of(plan), parameters_of(actual)
    problems += _name_problems(planned, got, qualname)
    by_name = {parameter.name: parameter for parameter in got}
    for parameter in planned:
        if parameter.name in by_name:
            problems += _parameter_problems(parameter, by_name[parameter.name], qualname)
    return problems + _return_problems(plan, actual, qualname)


def _form_problems(plan: FunctionNode, actual: FunctionNode, qualname: str) -> list[str]:
    problems = []
    for node, verb in ((plan, "must be"), (actual, "must not be")):
        other = actual if node is plan else plan
        if isinstance(node, ast.AsyncFunctionDef) and not isinstance(other, ast.AsyncFunctionDef):
            problems.append(f"`{qualname}` {verb} async")
        problems += [f"`{qualname}` {verb} {form}" for form in sorted(_forms(node) - _forms(other))]
    return problems


def _forms(node: FunctionNode) -> set[str]:
    names = {decorator_name(decorator) for decorator in node.decorator_list}
    return {form for name, form in _BINDINGS.items() if name in names}


def _name_problems(planned: list[Parameter], got: list[Parameter], qualname: str) -> list[str]:
    wanted, names = [parameter.name for parameter in planned], [parameter.name for parameter in got]
    problems = [f"`{qualname}` lacks the parameter `{name}`" for name in wanted if name not in names]
    problems += [f"`{qualname}` has the unplanned parameter `{name}`" for name in names if name not in wanted]
    if not problems and wanted != names:
        order = ", ".join(wanted)
        problems.append(f"`{qualname}` has its parameters in another order; planned: {order}")
    return problems


def _parameter_problems(plan: Parameter, got: Parameter, qualname: str) -> list[str]:
    problems = []
    if plan.kind != got.kind:
        problems.append(f"`{qualname}`: parameter `{plan.name}` is {got.kind}; planned {plan.kind}")
    if plan.has_default != got.has_default:
        wanted = "needs a default" if plan.has_default else "must not have a default"
        problems.append(f"`{qualname}`: parameter `{plan.name}` {wanted}")
    if plan.annotation and plan.annotation != got.annotation:
        actual = f"is annotated `{got.annotation}`" if got.annotation else "has no annotation"
        problems.append(f"`{qualname}`: parameter `{plan.name}` {actual}; planned `{plan.annotation}`")
    return problems


def _return_problems(plan: FunctionNode, actual: FunctionNode, qualname: str) -> list[str]:
    if plan.returns is None:
        return []
    wanted = normal_annotation(plan.returns)
    got = normal_annotation(actual.returns) if actual.returns else ""
    if wanted == got:
        return []
    said = f"returns `{got}`" if got else "has no return annotation"
    return [f"`{qualname}` {said}; planned `{wanted}`"]
