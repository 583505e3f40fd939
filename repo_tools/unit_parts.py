"""One unit's code cut into imports, private helpers and the unit's own definition."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.repo_tools.errors import ComposeError, SourceError
from repowright.repo_tools.import_statements import ImportBinding
from repowright.repo_tools.module_parts import ModuleParts, TopLevel, module_parts
from repowright.repo_tools.python_ast import DefinitionNode, dotted, role

_DROPPED = frozenset({"__all__"})


@dataclass(frozen=True)
class UnitParts:
    """What one unit brings to its module.

    Parameters
    ----------
    imports, type_checking
        One statement a bound name, normalised, without those of ``__future__`` other than ``annotations``.
    helpers
        Name and source of each private helper, in source order.
    definition
        Source of the unit itself, overloads and registrations included.
    """

    imports: tuple[str, ...]
    type_checking: tuple[str, ...]
    helpers: tuple[tuple[str, str], ...]
    definition: str


def split_unit(code: str, name: str) -> UnitParts:
    """Cut a unit's code into its parts.

    Raises
    ------
    ComposeError
        If the code is no unit of that name; ``problems`` holds one sentence for each reason.
    """
    try:
        parts = module_parts(code)
    except SourceError as error:
        raise ComposeError(f"`{name}` cannot be composed", (error.message,)) from error
    own = [part for part in parts.statements if _belongs(part, name)]
    rest = [part for part in parts.statements if not _belongs(part, name) and not _DROPPED.intersection(part.names)]
    problems = [*_own_problems(own, name), *_import_problems(parts, name), *_helper_problems(rest, name)]
    if problems:
        raise ComposeError(f"`{name}` cannot be composed", tuple(problems))
    return UnitParts(
        statements_of(parts.imports),
        statements_of(parts.type_checking),
        named_texts(rest),
        "\n\n\n".join(part.text for part in own),
    )


def unit_problems(code: str, name: str) -> list[str]:
    """Say, one sentence each, why the code is no unit of that name; an empty list when it is."""
    try:
        split_unit(code, name)
    except ComposeError as error:
        return list(error.problems)
    return []


def statements_of(bindings: Sequence[ImportBinding]) -> tuple[str, ...]:
    """Import statements, one a binding, without the ``__future__`` ones that are in force anyway."""
    kept = [binding for binding in bindings if binding.module != "__future__" or binding.name == "annotations"]
    return tuple(binding.statement for binding in kept)


def named_texts(parts: Sequence[TopLevel]) -> tuple[tuple[str, str], ...]:
    """Name and source of each definition, a function's overloads together with it."""
    texts: dict[str, list[str]] = {}
    for part in parts:
        texts.setdefault(part.names[0], []).append(part.text)
    return tuple((name, "\n\n\n".join(same)) for name, same in texts.items())


def import_problems(parts: ModuleParts) -> list[str]:
    """Imports that cannot be merged with those of others."""
    bindings = [*parts.imports, *parts.type_checking]
    problems = [f"`{binding.statement}` hides where names come from" for binding in bindings if binding.name == "*"]
    meanings = {(binding.bound, binding.meaning) for binding in bindings}
    counts = Counter(bound for bound, _ in meanings)
    return problems + [f"`{bound}` is imported twice, from two places" for bound in sorted(counts) if counts[bound] > 1]


def effect_problem(part: TopLevel) -> str | None:
    """Why a statement may not stand at the top of a module, if it may not."""
    if isinstance(part.node, DefinitionNode | ast.Pass):
        return None
    if isinstance(part.node, ast.If) and "__name__" in ast.unparse(part.node.test):
        return f"line {part.line}: `if __name__ == '__main__'` does not belong into a unit"
    if not isinstance(part.node, ast.Assign | ast.AnnAssign):
        return f"line {part.line}: `{part.text.splitlines()[0]}` runs while the module is imported"
    if len(part.names) != 1:
        return f"line {part.line}: assign one name at a time, not `{part.text.splitlines()[0]}`"
    return None


def _belongs(part: TopLevel, name: str) -> bool:
    if name in part.names:
        return True
    decorators = part.node.decorator_list if isinstance(part.node, DefinitionNode) else []
    targets = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in decorators]
    # functools.singledispatch: @unit.register belongs to the unit.
    return any(dotted(target).partition(".")[0] == name for target in targets)


def _own_problems(own: Sequence[TopLevel], name: str) -> list[str]:
    proper = [part for part in own if name in part.names]
    proper = [part for part in proper if not (isinstance(part.node, DefinitionNode) and role(part.node))]
    if not proper:
        return [f"the code does not define `{name}`"]
    if len(proper) > 1:
        lines = ", ".join(str(part.line) for part in proper)
        return [f"the code defines `{name}` {len(proper)} times, on lines {lines}"]
    problem = effect_problem(proper[0])
    return [problem] if problem else []


def _import_problems(parts: ModuleParts, name: str) -> list[str]:
    bindings = [*parts.imports, *parts.type_checking]
    problems = [
        f"`{binding.statement}` imports the name the unit defines" for binding in bindings if binding.bound == name
    ]
    defined = {bound for part in parts.statements for bound in part.names}
    clashes = sorted({binding.bound for binding in bindings} & defined - {name})
    return import_problems(parts) + problems + [f"`{bound}` is imported and defined" for bound in clashes]


def _helper_problems(rest: Sequence[TopLevel], name: str) -> list[str]:
    problems = []
    for part in rest:
        problem = effect_problem(part)
        public = [bound for bound in part.names if not bound.startswith("_") or bound.startswith("__")]
        if problem:
            problems.append(problem)
        elif not part.names:
            problems.append(f"line {part.line}: `{part.text.splitlines()[0]}` does nothing")
        elif public:
            problems.append(
                f"line {part.line}: `{public[0]}` is another public name; begin helpers with one underscore"
            )
    return problems + repeated(rest)


def repeated(parts: Sequence[TopLevel]) -> list[str]:
    """Names that several statements define, overloads aside."""
    proper = [part for part in parts if not (isinstance(part.node, DefinitionNode) and role(part.node))]
    counts = Counter(bound for part in proper for bound in part.names)
    return [f"`{bound}` is defined {counts[bound]} times" for bound in counts if counts[bound] > 1]
