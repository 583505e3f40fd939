"""Long results: the model is given both ends, the rest lies in the session under a handle."""

from __future__ import annotations

import re

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import UserError

SHOWN = 12_000
"""Characters of one result that the model is given at once."""

_HANDLE = re.compile(r"r-([0-9a-f]{12})")


class Handles:
    """Keeps long texts and finds them again."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    def shorten(self, text: str, shown: int = SHOWN) -> tuple[str, str]:
        """Return what to show and the handle of the whole; no handle where all is shown."""
        if len(text) <= shown:
            return text, ""
        handle = f"r-{self._store.put_text(text)[:12]}"
        head, tail = shown * 2 // 3, shown // 3
        lines = text.count("\n") + 1
        left = len(text) - head - tail
        middle = f"[... {left} characters left out; read_result {handle} has all {lines} lines ...]"
        return f"{text[:head]}\n{middle}\n{text[-tail:]}", handle

    def whole(self, handle: str) -> str:
        """Return the text of a handle.

        Raises
        ------
        UserError
            If there is none.
        """
        found = _HANDLE.fullmatch(handle.strip())
        digits = found[1] if found else ""
        kept = sorted((self._store.folder / digits[:2]).glob(f"{digits[2:]}*")) if digits else []
        if not kept:
            raise UserError(f"there is no result {handle!r}", "take the handle as it was given")
        return self._store.get_text(digits[:2] + kept[0].name)
