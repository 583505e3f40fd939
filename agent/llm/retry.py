"""How long to wait before asking again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter: a wait is uniform between zero and a bound that doubles.

    Parameters
    ----------
    tries
        Calls in all, the first included.
    base_s, cap_s
        Bound of the first wait, and of any wait, in seconds.
    ask_cap_s
        Longest wait that a server's ``Retry-After`` can ask for, in seconds.
    chance
        Uniform numbers in [0, 1).
    """

    tries: int = 5
    base_s: float = 1.0
    cap_s: float = 60.0
    ask_cap_s: float = 120.0
    chance: Callable[[], float] = random.random

    def wait(self, tried: int, asked_s: float | None = None) -> float:
        """Seconds to wait after ``tried`` failed calls."""
        if asked_s is not None:
            return min(max(asked_s, 0.0), self.ask_cap_s)
        return self.chance() * min(self.cap_s, self.base_s * 2.0 ** (tried - 1))


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as seconds or as a date; ``None`` when it says nothing.

    Parameters
    ----------
    now
        Seconds since the epoch.
    """
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now)
    return seconds if 0 <= seconds < float("inf") else None


def _until(date: str, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
