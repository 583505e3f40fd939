"""Choosing among thousands of names while somebody types."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST_LOOKED_AT = 400


class Names:
    """Names to choose from, as one text, so that a key press costs one search in C.

    Examples
    --------
    >>> Names(["graph/model.py", "graph/view.py", "docs/modes.md"]).best("gmod")
    ['graph/model.py']
    >>> Names(["graph/model.py", "model.py"]).best("model")
    ['model.py', 'graph/model.py']
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._text = "\n".join(names).casefold()

    def __len__(self) -> int:
        return len(self._names)

    def best(self, query: str, limit: int = 8) -> list[str]:
        """Return the names that hold the query's letters in order, best first; the first ones for no query."""
        wanted = query.casefold()
        if not wanted:
            return list(self._names[:limit])
        found = self._matching(re.escape(wanted))
        if len(found) < limit:
            letters = "[^\\n]*?".join(map(re.escape, wanted))
            found += [name for name in self._matching(letters) if name not in set(found)]
        return sorted(found, key=lambda name: _rank(name, wanted))[:limit]

    def _matching(self, pattern: str) -> list[str]:
        found: dict[str, None] = {}
        line, start = 0, 0
        for match in re.finditer(pattern, self._text):
            line += self._text.count("\n", start, match.start())
            start = match.start()
            found[self._names[line]] = None
            if len(found) >= _MOST_LOOKED_AT:
                break
        return list(found)


def _rank(name: str, wanted: str) -> tuple[bool, bool, bool, int, str]:
    folded = name.casefold()
    last = re.split(r"[/:]", folded)[-1]
    return (not last.startswith(wanted), wanted not in last, wanted not in folded, len(name), name)
