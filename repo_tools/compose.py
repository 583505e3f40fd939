"""One module made of parts that several writers wrote apart from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.repo_tools.errors import ComposeError
from repowright.repo_tools.import_statements import parse_bindings
from repowright.repo_tools.merge import MergedModule, Part, merge
from repowright.repo_tools.module_text import render_module
from repowright.repo_tools.tests_parts import split_tests
from repowright.repo_tools.unit_parts import UnitParts, split_unit, unit_problems

__all__ = ["UnitParts", "UnitSource", "compose_module", "compose_tests", "split_unit", "unit_problems"]


@dataclass(frozen=True)
class UnitSource:
    """One writer's part.

    Parameters
    ----------
    name
        The class, function or constant the code defines; for tests a label.
    code
        A module text: imports, private helpers and the definition itself.
    """

    name: str
    code: str


def compose_module(docstring: str, units: Sequence[UnitSource], *, module: str = "") -> str:
    """Put units together into one module.

    Imports are merged and sorted, identical helpers kept once, different helpers or imports of one name
    renamed in the later unit, and definitions put behind what they need at import time. The same parts give
    the same text, and composing the text of a single unit again changes nothing.

    Parameters
    ----------
    module
        Dotted name of the module, if known (``pkg.__init__`` for a package): its own names are then not
        imported, and imports of its package are sorted last.

    Raises
    ------
    ComposeError
        If a part is no unit of its name or the parts contradict each other.
    """
    parts = [_unit_part(unit) for unit in units]
    return render_module(docstring, _merged(parts, module), module.partition(".")[0])


def compose_tests(parts: Sequence[UnitSource], *, docstring: str = "", package: str = "") -> str:
    """Put parts of a test module together; fixtures and helpers are merged as the helpers of units are.

    Parameters
    ----------
    package
        Top-level package under test, whose imports are sorted last.

    Raises
    ------
    ComposeError
        If a part does not parse, acts on tests of other parts, or two parts name a test alike.
    """
    several = len(parts) > 1
    return render_module(
        docstring, _merged([split_tests(part.name, part.code, several) for part in parts], ""), package
    )


def _unit_part(unit: UnitSource) -> Part:
    split = split_unit(unit.code, unit.name)
    imports, guarded = parse_bindings(split.imports), parse_bindings(split.type_checking)
    return Part(unit.name, tuple(imports), tuple(guarded), split.helpers, ((unit.name, split.definition),))


def _merged(parts: Sequence[Part], module: str) -> MergedModule:
    names = [name for part in parts for name, _ in part.definitions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ComposeError("the parts do not fit", tuple(f"`{name}` is defined by two parts" for name in twice))
    return merge(parts, module)
