"""Names that come near a misspelt one, fast enough for tens of thousands of them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

_LIKELY = 40


class Nearest:
    """Compares names by the pairs of letters they share, and only the likeliest letter by letter."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(set(names))
        self._holders: dict[str, list[int]] = {}
        for index, name in enumerate(self._names):
            for pair in _pairs(name):
                self._holders.setdefault(pair, []).append(index)

    def to(self, name: str, count: int = 3, alike: float = 0.6) -> list[str]:
        """Return the names nearest to that one, nearest first.

        Parameters
        ----------
        alike
            Least likeness, from 0 to 1, as `difflib` measures it.
        """
        wanted = _pairs(name)
        shared = Counter(index for pair in wanted for index in self._holders.get(pair, ()))
        total = len(wanted)
        scored = ((-2 * hits / (total + len(_pairs(self._names[at]))), at) for at, hits in shared.items())
        likely = [self._names[at] for _, at in sorted(scored)[:_LIKELY]]
        folded = name.casefold()
        rated = ((difflib.SequenceMatcher(None, each.casefold(), folded).ratio(), each) for each in likely)
        return [each for rate, each in sorted(rated, key=lambda pair: (-pair[0], pair[1])) if rate >= alike][:count]


def _pairs(name: str) -> frozenset[str]:
    folded = f" {name.casefold()} "
    return frozenset(folded[at : at + 2] for at in range(len(folded) - 1))
