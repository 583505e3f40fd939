"""What a designed unit must satisfy before it enters the plan."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent.workflows.generate.plan import Plan, module_name
from repowright.graph.kinds import EdgeKind
from repowright.graph.records import Node
from repowright.graph.tags import BASE_TYPE
from repowright.repo_tools import outline, python_source, unit_parts


def unit_problems(
    plan: Plan,
    file: Node,
    name: str,
    kind: str,
    skeleton: str,
    uses: Sequence[str],
    *,
    siblings: Sequence[str],
) -> list[str]:
    """Return what is wrong with one designed unit, each a sentence that names it."""
    if kind not in ("function", "class"):
        return [f"{name}: kind {kind!r} is neither 'function' nor 'class'"]
    broken = python_source.syntax_error(skeleton)
    if broken:
        return [f"{name}: the skeleton does not parse: {broken}"]
    problems = [f"{name}: {problem}" for problem in unit_parts.unit_problems(skeleton, name)]
    if problems:
        return problems
    if outline.kind_of(skeleton, name) != kind:
        problems.append(f"{name} is announced as a {kind}, but its skeleton defines something else")
    if not outline.docstring_of(skeleton, name):
        problems.append(f"{name} has no docstring: it is the specification")
    known = set(siblings)
    for problem in python_source.undefined_names(skeleton):
        if not any(f"'{sibling}'" in problem for sibling in known):
            problems.append(f"{name}: {problem}")
    path = file.path
    problems += import_problems(plan, path, name, skeleton, siblings)
    problems += _use_problems(plan, path, name, uses, siblings)
    return problems


def _use_problems(plan: Plan, path: str, name: str, uses: Sequence[str], siblings: Sequence[str]) -> list[str]:
    problems = []
    for use in uses:
        target_path, separator, target = use.partition(":")
        if not separator:
            problems.append(f'{name}: use {use!r} is not of the form "path:name"')
        elif target_path == path:
            if target not in siblings:
                problems.append(f"{name} uses {target}, which this file does not have")
        elif plan.rpg.find(target_path, target) is None:
            problems.append(f"{name} uses {use}, which is not in the plan so far")
    return problems


def import_problems(plan: Plan, path: str, name: str, code: str, siblings: Sequence[str] = ()) -> list[str]:
    """Return imports of a unit's source that the plan does not allow.

    Allowed are the standard library, base types, and units of files that are designed already and do not
    stand on this one.
    """
    problems = []
    for module, names in outline.imported_names(code):
        if python_source.is_stdlib(module.partition(".")[0]):
            continue
        if module.split(".")[0] != plan.package:
            problems.append(f"{name} imports {module}: only the standard library and the project are there")
            continue
        target = file_of_module(plan, module)
        if target is None:
            problems.append(f"{name} imports {module}, which is no module of the plan")
        elif target.place and target.place.path == path:
            problems.append(f"{name} imports its own module {module}: units of the same file need no import")
        else:
            problems += _target_problems(plan, path, name, target, names)
    return problems


def _target_problems(plan: Plan, path: str, name: str, target: Node, names: Sequence[str]) -> list[str]:
    target_path = target.path
    if not names:
        return [f"{name}: write `from {module_name(target_path)} import ...`, naming what is used"]
    missing = [one for one in names if plan.rpg.find(target_path, one) is None]
    problems = [f"{name} imports {one} from {target_path}, which has no such unit or type" for one in missing]
    own = plan.rpg.find(path)
    if own is not None and own.id in {node.id for node in _file_closure(plan, target)}:
        problems.append(f"{name} imports {target_path}, which itself stands on {path}: a cycle")
    return problems


def _file_closure(plan: Plan, file: Node) -> list[Node]:
    return [file, *plan.rpg.closure([file.id], EdgeKind.IMPORTS)]


def file_of_module(plan: Plan, module: str) -> Node | None:
    """Return the planned file that a dotted module name means."""
    path = f"src/{module.replace('.', '/')}"
    return plan.rpg.find(f"{path}.py") or plan.rpg.find(f"{path}/__init__.py")


def used_units(plan: Plan, path: str, name: str, code: str, uses: Sequence[str] = ()) -> set[tuple[str, str]]:
    """Return the units a source stands on, declared or imported or named in the same file: (path, name)."""
    found = {(use.partition(":")[0], use.partition(":")[2]) for use in uses}
    for module, names in outline.imported_names(code):
        file = file_of_module(plan, module)
        if file is not None and file.place and BASE_TYPE not in file.tags:
            found |= {(file.place.path, one) for one in names}
    own = plan.rpg.find(path)
    if own is not None:
        mentioned = outline.mentioned_names(code)
        found |= {(path, unit.name) for unit in plan.file_units(own.id) if unit.name in mentioned}
    return found - {(path, name)}


def used_base_types(plan: Plan, code: str) -> list[Node]:
    """Return the base types that a source imports."""
    found: list[Node] = []
    for module, names in outline.imported_names(code):
        file = file_of_module(plan, module)
        if file is not None and BASE_TYPE in file.tags:
            nodes = (plan.rpg.find(file.path, name) for name in names)
            found.extend(node for node in nodes if node is not None)
    return found
