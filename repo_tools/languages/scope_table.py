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
        self._owners: list[int] = []

    def add(self, start: int, end: int, definition: int) -> None:
        """Add the interval of a definition or of what belongs to it; in order of start, the outer one first."""
        self._spans.append((start, end))
        self._definitions.append(definition)

    def close(self) -> None:
        """End adding; the table can be asked from now on."""
        open_intervals: list[int] = []
        for number, (start, _) in enumerate(self._spans):
            self._leave(open_intervals, start)
            self._parents.append(open_intervals[-1] if open_intervals else OUTSIDE)
            open_intervals.append(number)
            self._boundaries.append(start)
            self._owners.append(number)
        self._leave(open_intervals, None)

    def _leave(self, open_intervals: list[int], until: int | None) -> None:
        while open_intervals and (until is None or self._spans[open_intervals[-1]][1] <= until):
            self._boundaries.append(self._spans[open_intervals.pop()][1])
            self._owners.append(open_intervals[-1] if open_intervals else OUTSIDE)

    def interval_at(self, position: int) -> int:
        """Number of the innermost interval around a byte, or `OUTSIDE`."""
        index = bisect_right(self._boundaries, position)
        return self._owners[index - 1] if index else OUTSIDE

    def definition_at(self, position: int) -> int:
        """Index of the innermost definition around a byte, or `MODULE`."""
        interval = self.interval_at(position)
        return MODULE if interval == OUTSIDE else self._definitions[interval]

    def parent(self, interval: int) -> int:
        """The interval around an interval."""
        return self._parents[interval]
