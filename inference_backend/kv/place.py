"""Where one sequence lies in the cache."""

from __future__ import annotations

from dataclasses import dataclass, field

from repowright.inference_backend.config import PAGE


@dataclass
class Place:
    """The pages and the row of the windows that hold a sequence.

    Parameters
    ----------
    slot
        Its row of the windows.
    pages
        Its pages, in the order of the text.
    in_window, in_sliding
        Tokens in its window, and in the windows of sliding layers.
    """

    slot: int
    pages: list[int] = field(default_factory=list)
    in_window: int = 0
    in_sliding: int = 0

    @property
    def length(self) -> int:
        """Tokens in the cache."""
        return len(self.pages) * PAGE + self.in_window

    def cut(self, length: int) -> None:
        """Forget the last tokens, so that ``length`` remain.

        Raises
        ------
        ValueError
            If tokens would have to be taken from a page.
        """
        gone = self.length - length
        if not 0 <= gone <= self.in_window:
            raise ValueError(f"{gone} tokens cannot be cut from a window of {self.in_window}")
        self.in_window -= gone
        self.in_sliding = max(0, self.in_sliding - gone)


def pages_after(place: Place, tokens: int, window: int) -> int:
    """Return how many pages must be allocated before a chunk of ``tokens`` is taken in."""
    return max(0, (place.in_window + tokens - window) // PAGE)


def must_seal(place: Place, tokens: int, window: int) -> bool:
    """Tell whether the oldest 64 tokens of the window must be packed before ``tokens`` more are decoded."""
    return place.in_window + tokens > window + PAGE
