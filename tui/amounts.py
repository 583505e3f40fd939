"""Numbers as people read them."""

from __future__ import annotations

import re

# Text of a model must not drive the terminal (C0, C1), nor reorder what is read (bidirectional overrides).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def printable(text: str) -> str:
    """Return text on one line without anything a terminal would obey."""
    return _CONTROL.sub(" ", text).strip()


def tokens(count: int) -> str:
    """Return a number of tokens.

    Examples
    --------
    >>> [tokens(950), tokens(12_345), tokens(2_400_000)]
    ['950', '12.3k', '2.40M']
    """
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.2f}M"


def money(usd: float) -> str:
    """Return US dollars, finer below ten cents.

    Examples
    --------
    >>> [money(0), money(0.0123), money(1.5)]
    ['0 usd', '0.012 usd', '1.50 usd']
    """
    if usd == 0:
        return "0 usd"
    return f"{usd:.2f} usd" if usd >= 0.0995 else f"{usd:.3f} usd"


def duration(seconds: float) -> str:
    """Return a length of time.

    Examples
    --------
    >>> [duration(3.14), duration(64.6), duration(3725)]
    ['3.1s', '1m 05s', '1h 02m']
    """
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}m"


def clock(seconds: float) -> str:
    """Return time since the start of a run.

    Examples
    --------
    >>> [clock(5), clock(605), clock(3725)]
    ['0:05', '10:05', '1:02:05']
    """
    minutes, rest = divmod(int(max(0, seconds)), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> [count(1, "test"), count(1200, "test"), count(2, "entry", "entries")]
    ['1 test', '1,200 tests', '2 entries']
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
