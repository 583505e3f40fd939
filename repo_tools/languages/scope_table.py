"""Which definition stands around a byte of a file."""

from __future__ import annotations

from bisect import bisect_right

from repowright.repo_tools.facts import MODULE

OUTSIDE = -1
"""The interval of what no interval encloses."""


class ScopeTable:
    """Nested byte intervals of a file: definitions, and anonymous functions that belong to the one around them."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self._definitions: list[int] = []
        self._parents: list[int] = []
        self._boundaries: list[int] = []
        self._owners: list[int] = [OUTSIDE]
        self._scopes: list[int] = [MODULE]

    def add(self, start: int, end: int, definition: int) -> None:
        """Add the interval of a definition or of what belongs to it; in order of start, the outer one first."""
        self._spans.append((start, end))
        self._definitions.append(definition)

    def close(self) -> None:
        """End adding; the table can be asked from now on."""
        around: list[int] = []
        for number, (start, _) in enumerate(self._spans):
            self._leave(around, start)
            self._parents.append(around[-1] if around else OUTSIDE)
            around.append(number)
            self._mark(start, number)
        self._leave(around, None)

    def _leave(self, around: list[int], until: int | None) -> None:
        while around and (until is None or self._spans[around[-1]][1] <= until):
            end = self._spans[around.pop()][1]
            self._mark(end, around[-1] if around else OUTSIDE)

    def _mark(self, position: int, owner: int) -> None:
        self._boundaries.append(position)
        self._owners.append(owner)
        self._scopes.append(MODULE if owner == OUTSIDE else self._definitions[owner])

    def interval_at(self, position: int) -> int:
        """Number of the innermost interval around a byte, or `OUTSIDE`."""
        return self._owners[bisect_right(self._boundaries, position)]

    def definition_at(self, position: int) -> int:
        """Index of the innermost definition around a byte, or `MODULE`."""
        return self._scopes[bisect_right(self._boundaries, position)]

    def parent(self, interval: int) -> int:
        """The interval around an interval."""
        return self._parents[interval]
