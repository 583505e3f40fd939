"""Finished turns whose cache waits for the next turn of the same program, for a time (Continuum, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from repowright.inference_backend.kv.place import Place


@dataclass(frozen=True)
class Pin:
    """The cache of a finished turn.

    Parameters
    ----------
    job
        The program whose turn it was.
    arrival
        When the program arrived, seconds of the clock.
    tokens
        What the cache holds, prompt and answer.
    until
        When it may go, seconds of the clock.
    """

    job: str
    arrival: float
    place: Place
    tokens: tuple[int, ...]
    until: float


class Pins:
    """Pinned turns, one a program.

    Parameters
    ----------
    clock
        Returns seconds that only grow.
    free
        Is given each turn that is unpinned: by time, under pressure, or because the program ended.
    """

    def __init__(self, clock: Callable[[], float], free: Callable[[Pin], None]) -> None:
        self._clock = clock
        self._free = free
        self._pins: dict[str, Pin] = {}

    def __len__(self) -> int:
        return len(self._pins)

    def __contains__(self, job: object) -> bool:
        return job in self._pins

    @property
    def jobs(self) -> Sequence[str]:
        """Programs that have a pinned turn, in the order in which they were pinned."""
        return tuple(self._pins)

    def add(self, job: str, arrival: float, place: Place, tokens: Sequence[int], seconds: float) -> None:
        """Pin a turn for so many seconds; an older one of the same program goes."""
        self.drop(job)
        self._pins[job] = Pin(job, arrival, place, tuple(tokens), self._clock() + seconds)

    def retime(self, job: str, seconds: Callable[[int], float]) -> None:
        """Let a turn be pinned from now for the time that its number of tokens gives; 0 unpins it."""
        if (pin := self._pins.get(job)) is None:
            return
        wanted = seconds(len(pin.tokens))
        if wanted > 0:
            self._pins[job] = replace(pin, until=self._clock() + wanted)
        else:
            self.drop(job)

    def take(self, job: str) -> Pin | None:
        """Return a program's turn and stop keeping it: whoever takes it holds its pages from now on."""
        return self._pins.pop(job, None)

    def drop(self, job: str) -> None:
        """Unpin a program's turn."""
        if pin := self._pins.pop(job, None):
            self._free(pin)

    def expire(self) -> list[str]:
        """Unpin what is past its time; return the programs. A tool that takes just that time is still in time."""
        now = self._clock()
        gone = [job for job, pin in self._pins.items() if pin.until < now]
        for job in gone:
            self.drop(job)
        return gone

    def yield_latest(self, keep: str = "") -> str | None:
        """Unpin the turn of the program that arrived last, but for one; return the program, or None if none is left."""
        others = [pin for pin in self._pins.values() if pin.job != keep]
        if not others:
            return None
        latest = max(others, key=lambda pin: pin.arrival).job
        self.drop(latest)
        return latest
