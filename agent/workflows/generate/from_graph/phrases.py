"""Features that the linter would call the same, told apart or told once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from repowright.agent.workflows.generate.from_graph.original import Feature

_WORD = re.compile(r"[^\W_]+[+#]*")
_ARTICLES = frozenset({"a", "an", "the"})


def words(phrase: str) -> tuple[str, ...]:
    """Return what the linter compares phrases by."""
    return tuple(word for word in _WORD.findall(phrase.casefold()) if word not in _ARTICLES)


class Phrases:
    """The phrases that are taken."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, ...]] = set()

    def free(self, feature: Feature, homes: Iterable[str]) -> Feature | None:
        """Take a feature's phrase and return it, told apart by where it is if need be; ``None`` if it says nothing.

        Parameters
        ----------
        homes
            What it may be told apart by, the shortest first.
        """
        own = words(feature.phrase)
        if not own:
            return None
        for phrase in (feature.phrase, *(f"{feature.phrase} ({home})" for home in homes if words(home))):
            if words(phrase) not in self._taken:
                self._taken.add(words(phrase))
                return Feature(phrase, feature.detail)
        return None

    def is_new(self, feature: Feature) -> bool:
        """Take a phrase unless it is empty or taken; return whether that was so."""
        own = words(feature.phrase)
        if not own or own in self._taken:
            return False
        self._taken.add(own)
        return True
