"""Finds names in a description by which a project, or a place in it, would be recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from repowright.benchmarks.repocraft.construction.imports import first_of
from repowright.benchmarks.repocraft.construction.records import FoundTest

_ENGLISH = frozenset({"requests"})
"""Names of projects that are words of the language too: looked for where they can only be names."""

_CODE = re.compile(r"`[^`]+`|\b[A-Za-z]\w*_\w+\b|\b\w+\(\)|\b[A-Za-z_]\w+\.[A-Za-z_]\w+\b")
_HUMPS = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+")


class Leaks:
    """What must not show in the description of some tests.

    Parameters
    ----------
    hidden
        Names of the project.
    tests
        Their called names in mixed case count as names of the project.
    """

    def __init__(self, hidden: Iterable[str], tests: Sequence[FoundTest]) -> None:
        names = sorted({name.lower() for name in hidden if name})
        plain = [re.escape(name) for name in names if name not in _ENGLISH]
        spoken = [rf"(?:python[- ]{name}|{name} (?:library|package|module))" for name in names if name in _ENGLISH]
        alternatives = "|".join([*plain, *spoken])
        self._names = re.compile(rf"(?<![a-z])(?:{alternatives})(?![a-z])" if alternatives else r"(?!)", re.IGNORECASE)
        self._called = {part for test in tests for name in test.calls for part in name.split(".") if _HUMPS.match(part)}

    def shown(self, text: str) -> list[str]:
        """Return the names that a text shows, each once, in order.

        Examples
        --------
        >>> Leaks(["sympy"], []).shown("SymPy calls `expand` and power_base() of core.power, e.g. HTTP/1.1")
        ['SymPy', '`expand`', 'power_base', 'core.power']
        """
        found = [match[0] for pattern in (self._names, _CODE) for match in pattern.finditer(text)]
        return first_of([*found, *(name for name in _HUMPS.findall(text) if name in self._called)])
