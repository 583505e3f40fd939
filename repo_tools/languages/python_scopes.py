"""Which definition each offset of a Python file stands in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import repeat

from repowright.repo_tools.facts import MODULE


class Scopes:
    """Where definitions begin and end, filled from the top of the file downwards."""

    def __init__(self) -> None:
        self._bounds: list[int] = []
        self._owners: list[int] = [MODULE]
        self._lookups: list[int] = [MODULE]
        self._open: list[tuple[int, int]] = []

    def at(self, offset: int) -> int:
        """Index of the innermost definition around an offset, decorators and header included, or `MODULE`."""
        return self._owners[bisect_right(self._bounds, offset)]

    def all_at(self, offsets: Iterable[int]) -> list[int]:
        """The same for many offsets."""
        bounds, owners = self._bounds, self._owners
        if not bounds:
            return [MODULE for _ in offsets]
        return list(map(owners.__getitem__, map(bisect_right, repeat(bounds), offsets)))

    def lookup_at(self, offset: int) -> int:
        """Index of the definition whose names an offset sees: in a header those of the definition around it."""
        return self._lookups[bisect_right(self._bounds, offset)]

    def open(self, index: int, begin: int, body: int, end: int) -> None:
        """A definition begins; those that ended before it must be closed."""
        self._bounds += (begin, body)
        self._owners += (index, index)
        self._lookups += (self._open[-1][1] if self._open else MODULE, index)
        self._open.append((end, index))

    def close_until(self, offset: int) -> int:
        """Close the definitions that end at or before an offset; the index of the innermost that stays open."""
        while self._open:
            end, index = self._open[-1]
            if end > offset:
                return index
            self._open.pop()
            owner = self._open[-1][1] if self._open else MODULE
            self._bounds.append(end)
            self._owners.append(owner)
            self._lookups.append(owner)
        return MODULE
