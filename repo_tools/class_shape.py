"""Classes compared with their planned skeleton: bases, dataclass form, fields and public methods."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.repo_tools.annotations import normal_annotation
from repowright.repo_tools.parameters import function_problems
from repowright.repo_tools.python_ast import FunctionNode, decorator_name, role, statements

_DATACLASS_FORM = ("eq", "frozen", "kw_only", "order", "unsafe_hash")
_DATACLASS_DEFAULTS = {"eq": "True"}


@dataclass(frozen=True)
class _Field:
    name: str
    annotation: str
    has_default: bool
    in_init: bool


def class_problems(plan: ast.ClassDef, actual: ast.ClassDef, qualname: str) -> list[str]:
    """Say, one sentence each, how a class departs from its planned skeleton."""
    problems = _base_problems(plan, actual, qualname)
    problems += _dataclass_problems(plan, actual, qualname)
    problems += _field_problems(plan, actual, qualname)
    return problems + _member_problems(plan, actual, qualname)


def _bases(node: ast.ClassDef) -> list[str]:
    names = [normal_annotation(base) for base in node.bases]
    return [name for name in names if name != "object"]


def _base_problems(plan: ast.ClassDef, actual: ast.ClassDef, qualname: str) -> list[str]:
    problems = []
    wanted, got = _bases(plan), _bases(actual)
    if wanted != got:
        said = f"inherits {', '.join(got)}" if got else "has no base class"
        problems.append(f"class `{qualname}` {said}; planned: {', '.join(wanted) or 'none'}")
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in actual.keywords}
    for keyword in plan.keywords:
        if keywords.get(keyword.arg) != ast.unparse(keyword.value):
            problems.append(f"class `{qualname}` lacks `{ast.unparse(keyword)}` among its bases")
    return problems


def _dataclass_form(node: ast.ClassDef) -> dict[str, str] | None:
    for decorator in node.decorator_list:
        if decorator_name(decorator) == "dataclass":
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in given}
            return {name: options.get(name, _DATACLASS_DEFAULTS.get(name, "False")) for name in _DATACLASS_FORM}
    return None


def _dataclass_problems(plan: ast.ClassDef, actual: ast.ClassDef, qualname: str) -> list[str]:
    wanted, got = _dataclass_form(plan), _dataclass_form(actual)
    if wanted is None and got is None:
        return []
    if wanted is None or got is None:
        return [f"class `{qualname}` {'must not' if wanted is None else 'must'} be a dataclass"]
    return [
        f"dataclass `{qualname}` has {name}={got[name]}; planned {name}={wanted[name]}"
        for name in _DATACLASS_FORM
        if wanted[name] != got[name]
    ]


def _fields(node: ast.ClassDef) -> dict[str, _Field]:
    """Annotated and plain names assigned in the class body, in order."""
    found: dict[str, _Field] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = _annotated_field(statement, statement.target.id)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = _Field(target.id, "", True, False)
    return found


def _annotated_field(statement: ast.AnnAssign, name: str) -> _Field:
    annotation = normal_annotation(statement.annotation)
    options = statement.value.keywords if isinstance(statement.value, ast.Call) else []
    is_field = isinstance(statement.value, ast.Call) and decorator_name(statement.value) == "field"
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in options} if is_field else {}
    has_default = statement.value is not None and (not is_field or bool(given.keys() & {"default", "default_factory"}))
    in_init = given.get("init") != "False" and not annotation.startswith("ClassVar")
    return _Field(name, annotation, has_default, in_init)


def _field_problems(plan: ast.ClassDef, actual: ast.ClassDef, qualname: str) -> list[str]:
    planned, got = _fields(plan), _fields(actual)
    problems = []
    for name, field in planned.items():
        if name in got:
            problems += _one_field(field, got[name], qualname, _dataclass_form(plan) is not None)
        elif name not in _instance_attributes(actual):
            problems.append(f"class `{qualname}` lacks the field `{name}`")
    if _dataclass_form(plan) is not None and planned:
        problems += _constructor_problems(list(planned.values()), list(got.values()), qualname)
    return problems


def _one_field(plan: _Field, got: _Field, qualname: str, is_dataclass: bool) -> list[str]:
    problems = []
    if plan.annotation and plan.annotation != got.annotation:
        actual = f"is annotated `{got.annotation}`" if got.annotation else "has no annotation"
        problems.append(f"`{qualname}`: field `{plan.name}` {actual}; planned `{plan.annotation}`")
    if is_dataclass and plan.has_default != got.has_default:
        wanted = "needs a default" if plan.has_default else "must not have a default"
        problems.append(f"`{qualname}`: field `{plan.name}` {wanted}")
    return problems


def _constructor_problems(planned: Sequence[_Field], got: Sequence[_Field], qualname: str) -> list[str]:
    """Differences in what the generated ``__init__`` takes."""
    wanted = [field.name for field in planned if field.in_init and field.annotation]
    names = [field.name for field in got if field.in_init and field.annotation]
    extra = [name for name in names if name not in wanted]
    problems = [f"dataclass `{qualname}` takes the unplanned field `{name}`" for name in extra]
    if not extra and sorted(wanted) == sorted(names) and wanted != names:
        problems.append(f"dataclass `{qualname}` has its fields in another order; planned: {', '.join(wanted)}")
    return problems


def _instance_attributes(node: ast.ClassDef) -> set[str]:
    """Names that methods assign on ``self``."""
    return {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and isinstance(part.value, ast.Name)
    }


Member = FunctionNode | ast.ClassDef


def _members(node: ast.ClassDef) -> dict[tuple[str, str], Member]:
    found: dict[tuple[str, str], Member] = {}
    for statement in statements(node.body):
        if isinstance(statement, Member) and role(statement) != "overload":
            found[(statement.name, role(statement))] = statement
    return found


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _member_problems(plan: ast.ClassDef, actual: ast.ClassDef, qualname: str) -> list[str]:
    got, aliases = _members(actual), _fields(actual)
    problems = []
    for (name, kind), member in _members(plan).items():
        if not _is_public(name) or (name in aliases and kind == ""):
            continue
        problems += _one_member(member, got.get((name, kind)), f"{qualname}.{name}", kind)
    return problems


def _one_member(plan: Member, got: Member | None, qualname: str, kind: str) -> list[str]:
    noun = kind or ("class" if isinstance(plan, ast.ClassDef) else "method")
    if got is None:
        return [f"the {noun} `{qualname}` is missing"]
    if isinstance(plan, ast.ClassDef) and isinstance(got, ast.ClassDef):
        return class_problems(plan, got, qualname)
    if isinstance(plan, FunctionNode) and isinstance(got, FunctionNode):
        return function_problems(plan, got, qualname)
    return [f"`{qualname}` must be a {noun}"]
