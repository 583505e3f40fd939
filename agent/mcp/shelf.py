"""Long texts, kept under a handle so that a client can read on where an answer was cut."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from pydantic import BaseModel, ConfigDict

from repowright.agent.errors import UserError

MOST_SHOWN = 20_000
"""Characters of one answer."""

MOST_KEPT = 16_000_000
"""Characters of all texts together; the one that was not read for longest goes first."""


class HandleUnknown(UserError):
    """No text is kept under that handle."""


class Cut(BaseModel):
    """Where an answer was cut, and how to read on."""

    model_config = ConfigDict(frozen=True)

    handle: str
    shown: int
    """Characters shown so far, which is the offset to read on from."""
    characters: int
    """Characters of the whole text."""

    def text(self) -> str:
        """Return the line that ends the part shown."""
        return f'[cut: {self.shown:,} of {self.characters:,} characters; read_on("{self.handle}", {self.shown})]'


class Shelf:
    """Keeps texts in memory under a handle made of what they say."""

    def __init__(self, most_shown: int = MOST_SHOWN, most_kept: int = MOST_KEPT) -> None:
        self._most_shown = most_shown
        self._most_kept = most_kept
        self._texts: OrderedDict[str, str] = OrderedDict()

    def shown(self, text: str) -> tuple[str, Cut | None]:
        """Return a text as an answer shows it, and where it was cut if it is long."""
        if len(text) <= self._most_shown:
            return text, None
        handle = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self._keep(handle, text)
        return self.part(handle, 0)

    def part(self, handle: str, offset: int) -> tuple[str, Cut | None]:
        """Return the text of a handle from an offset on, as far as one answer goes.

        Raises
        ------
        HandleUnknown
            If nothing is kept under the handle, or it ends before the offset.
        """
        text = self._texts.get(handle)
        if text is None:
            raise HandleUnknown(f"nothing is kept under {handle!r}", "ask the question again")
        self._texts.move_to_end(handle)
        if not 0 <= offset < len(text):
            raise HandleUnknown(f"the text has {len(text):,} characters, none at {offset:,}", "give a lower offset")
        end = self._end(text, offset)
        cut = Cut(handle=handle, shown=end, characters=len(text)) if end < len(text) else None
        return text[offset:end], cut

    def _end(self, text: str, offset: int) -> int:
        """Return where a part ends: after a line if it has one of sensible length."""
        most = offset + self._most_shown
        if most >= len(text):
            return len(text)
        line = text.rfind("\n", offset + self._most_shown // 2, most)
        return most if line < 0 else line + 1

    def _keep(self, handle: str, text: str) -> None:
        self._texts[handle] = text
        self._texts.move_to_end(handle)
        while len(self._texts) > 1 and sum(map(len, self._texts.values())) > self._most_kept:
            self._texts.popitem(last=False)
