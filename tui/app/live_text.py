"""An answer while it is being written: what is complete is drawn once, only the rest again and again."""

from __future__ import annotations

import re
from typing import NamedTuple

PIECE = 1_500
"""Characters after which a complete block is set aside."""
LONGEST_TAIL = 3_000
"""Characters after which even an open code block is cut, at a line's end."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


class _Fence(NamedTuple):
    mark: str
    line: str


class LiveText:
    """Markdown that grows; ``settle`` takes off what will not change any more."""

    def __init__(self) -> None:
        self.tail = ""
        self._parts: list[str] = []

    @property
    def whole(self) -> str:
        """All of it, as it was written."""
        return "".join(self._parts)

    def append(self, fragment: str) -> None:
        """Add what came."""
        self._parts.append(fragment)
        self.tail += fragment

    def settle(self) -> list[str]:
        """Return the complete pieces that grew long enough, each Markdown of its own."""
        pieces: list[str] = []
        while len(self.tail) > PIECE and (piece := self._cut()):
            pieces.append(piece)
        return pieces

    def _cut(self) -> str:
        end, fence, size = 0, None, 0
        open_end, open_fence = 0, None
        for line in self.tail.splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            size += len(line)
            fence = _after(fence, line)
            if fence is None and not line.strip() and size >= PIECE:
                end = size
                break
            if fence is not None and size <= LONGEST_TAIL:
                open_end, open_fence = size, fence
        if end:
            piece, self.tail = self.tail[:end], self.tail[end:]
            return piece
        if len(self.tail) > LONGEST_TAIL and open_fence is not None and open_end > PIECE:
            return self._cut_inside(open_end, open_fence)
        return ""

    def _cut_inside(self, end: int, fence: _Fence) -> str:
        piece, rest = self.tail[:end], self.tail[end:]
        self.tail = f"{fence.line}{rest}"
        return f"{piece}{fence.mark}\n"


def _after(fence: _Fence | None, line: str) -> _Fence | None:
    match = _FENCE.match(line.rstrip("\n"))
    if match is None:
        return fence
    if fence is None:
        return _Fence(match[1], line)
    closes = match[1].startswith(fence.mark) and not match[2].strip()
    return None if closes else fence
