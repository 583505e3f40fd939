"""Lets a bounded number of commands run at once, fairly."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator


class Turns:
    """At most ``most`` at once; who waits is served first come, first served within a domain, domains in rotation.

    A domain with a hundred waiting commands delays the one command of another by one turn, not by a hundred.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError("at least one must be able to run")
        self._free = most
        self._guard = threading.Lock()
        self._waiting: dict[str, deque[threading.Event]] = {}
        """Domains in the order in which they are served next; none without somebody who waits."""

    @contextlib.contextmanager
    def turn(self, domain: str) -> Iterator[None]:
        """Wait for a turn and hold it."""
        event = self._ask(domain)
        try:
            event.wait()
        except BaseException:
            self._withdraw(domain, event)
            raise
        try:
            yield
        finally:
            self._pass_on()

    def waiting(self) -> int:
        """Count those who wait."""
        with self._guard:
            return sum(map(len, self._waiting.values()))

    def _ask(self, domain: str) -> threading.Event:
        event = threading.Event()
        with self._guard:
            if self._free and not self._waiting:
                self._free -= 1
                event.set()
            else:
                self._waiting.setdefault(domain, deque()).append(event)
        return event

    def _pass_on(self) -> None:
        with self._guard:
            if not self._waiting:
                self._free += 1
                return
            domain = next(iter(self._waiting))
            events = self._waiting.pop(domain)
            events.popleft().set()
            if events:
                self._waiting[domain] = events

    def _withdraw(self, domain: str, event: threading.Event) -> None:
        with self._guard:
            events = self._waiting.get(domain, deque())
            if event in events:
                events.remove(event)
                if not events:
                    del self._waiting[domain]
                return
        self._pass_on()
