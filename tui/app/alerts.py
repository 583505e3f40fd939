"""Telling somebody who looks elsewhere: OSC 9, which terminals turn into a notification, and the bell."""

from __future__ import annotations

from collections.abc import Callable

LONG_TURN = 10.0
"""Seconds after which "done" is worth a sound."""


def alert_sequence(words: str) -> str:
    """Return what a terminal is sent; one that knows no OSC 9 shows nothing and rings.

    Examples
    --------
    >>> alert_sequence("done")
    '\\x1b]9;repowright: done\\x1b\\\\\\x07'
    """
    plain = "".join(each for each in words if each.isprintable())
    return f"\x1b]9;repowright: {plain}\x1b\\\x07"


class Alerts:
    """Sends alerts, or none at all when they are off."""

    def __init__(self, write: Callable[[str], None], on: bool = True) -> None:
        self._write = write
        self._on = on

    def needs_you(self, what: str) -> None:
        """Tell that nothing goes on without an answer."""
        self._send(f"needs you: {what}")

    def done(self, what: str, seconds: float) -> None:
        """Tell that something which took long is over."""
        if seconds >= LONG_TURN:
            self._send(what)

    def _send(self, words: str) -> None:
        if self._on:
            self._write(alert_sequence(words))
