"""How long the cache of a finished turn is worth keeping while its tool runs (Continuum, arXiv 2511.02230, section 4).

With the tool's durations known as a distribution ``P``, keeping a turn for ``t`` seconds gains ``P(t) * B`` and costs
``t``, where ``B`` is what its loss would cost: queueing again, weighted by how much of the program is still to come,
and prefilling its tokens again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COLD_START_S = 2.0
"""Seconds a turn is kept while no tool call has been seen yet."""

ENOUGH = 100
"""Calls of a tool from which on its own durations count, rather than those of all tools."""

_WINDOW = 100
_PROGRAMS = 200
_DURATIONS = 1000


@dataclass(frozen=True)
class ReloadCost:
    """Seconds that a prefill of ``n`` tokens takes: ``square * n ** 2 + linear * n + constant``."""

    square: float = 0.0
    linear: float = 0.0
    constant: float = 0.0

    def seconds(self, tokens: int) -> float:
        """Return the seconds for so many tokens."""
        return max(0.0, self.square * tokens**2 + self.linear * tokens + self.constant)

    @classmethod
    def fit(cls, measured: Sequence[tuple[int, float]]) -> ReloadCost:
        """Fit to measured pairs of tokens and seconds, of three lengths at least.

        Raises
        ------
        ValueError
            If fewer lengths were measured.
        """
        if len({tokens for tokens, _ in measured}) < 3:
            raise ValueError("a quadratic needs measurements of three lengths")
        lengths, seconds = zip(*measured, strict=True)
        square, linear, constant = np.polyfit(lengths, seconds, 2)
        return cls(float(square), float(linear), float(constant))


class TimeToLive:
    """Learns durations of tools, queueing delays and lengths of programs, and derives times to live from them."""

    def __init__(self, reload: ReloadCost | None = None) -> None:
        self.reload = reload or ReloadCost()
        self._by_tool: dict[str, deque[float]] = {}
        self._all: deque[float] = deque(maxlen=_DURATIONS)
        self._delays: deque[float] = deque(maxlen=_WINDOW)
        self._programs: deque[int] = deque(maxlen=_PROGRAMS)

    def tool_took(self, tool: str, seconds: float) -> None:
        """Learn how long a tool ran."""
        self._by_tool.setdefault(tool, deque(maxlen=_DURATIONS)).append(seconds)
        self._all.append(seconds)

    def queued(self, seconds: float) -> None:
        """Learn how long a request waited before it ran."""
        self._delays.append(seconds)

    def program_ended(self, turns: int) -> None:
        """Learn how many turns a program had."""
        self._programs.append(turns)

    @property
    def queueing_delay(self) -> float:
        """Mean of the last hundred queueing delays, seconds."""
        return sum(self._delays) / len(self._delays) if self._delays else 0.0

    @property
    def memoryfulness(self) -> float:
        """How surely a turn tells that fewer follow: the negative correlation of turns done and turns left.

        1 until ended programs show otherwise.
        """
        pairs = [(turn, turns - turn) for turns in self._programs for turn in range(1, turns + 1)]
        done, left = np.array(pairs, dtype=float).reshape(-1, 2).T
        if len(pairs) < 2 or not done.std() or not left.std():
            return 1.0
        return max(0.0, -float(np.corrcoef(done, left)[0, 1]))

    def seconds(self, tool: str, tokens: int) -> float:
        """Return how long to keep a turn of so many tokens that called a tool; 0 if it is not worth it."""
        known = self._by_tool.get(tool, self._all)
        durations = sorted(known if len(known) >= ENOUGH else self._all)
        if not durations:
            return COLD_START_S
        benefit = self.queueing_delay * self.memoryfulness + self.reload.seconds(tokens)
        best, gain = 0.0, 0.0
        for number, candidate in enumerate(durations, 1):
            worth = number / len(durations) * benefit - candidate
            if worth > gain:
                best, gain = candidate, worth
        return best
