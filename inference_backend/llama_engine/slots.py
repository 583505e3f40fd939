"""What llama.cpp's sequences hold: prefixes that are kept, shared, and forgotten when room is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Protocol


class Memory(Protocol):
    """The part of `LlamaModel` that keeps keys and values."""

    def cut(self, sequence: int, length: int) -> None:
        """Forget what a sequence has beyond so many tokens."""

    def share(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence begin with the first tokens of another."""

    def clear(self) -> None:
        """Forget everything."""


@dataclass(eq=False)
class Slot:
    """One of llama.cpp's sequences.

    Parameters
    ----------
    tokens
        Those it holds.
    cells
        Where they lie, a number each; sequences that share a prefix have the same ones.
    used
        When it was last let go, as a count.
    job
        The program that it waits for, up to ``until``; empty if none.
    """

    number: int
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    used: int = 0
    is_busy: bool = False
    job: str = ""
    until: float = 0.0


class Slots:
    """All sequences of a memory of limited size.

    What is counted is what llama.cpp does: a token that several sequences share lies in one cell.

    Parameters
    ----------
    sequences, cells
        How many there are.
    clock
        Returns seconds that only grow.
    """

    def __init__(self, memory: Memory, sequences: int, cells: int, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock
        self._slots = [Slot(number) for number in range(sequences)]
        self._cells = cells
        self._holders: Counter[int] = Counter()
        self._fresh = count()
        self._ticks = count(1)

    @property
    def pins(self) -> list[Slot]:
        """Finished turns that wait for the next one of their programs."""
        now = self._clock()
        return [slot for slot in self._slots if slot.job and not slot.is_busy and slot.until > now]

    @property
    def used(self) -> int:
        """Cells that hold something."""
        return len(self._holders)

    @property
    def held(self) -> int:
        """Cells of sequences that run."""
        return len({cell for slot in self._slots if slot.is_busy for cell in slot.cells})

    @property
    def free(self) -> int:
        """Cells that hold nothing."""
        return self._cells - self.used

    def take(self, tokens: Sequence[int], job: str) -> Slot:
        """Return a sequence that holds as long a prefix of a text as is known; the last token is never of it.

        There is one that does not run; the caller sees to that.
        """
        wanted = tokens[:-1]
        idle = [slot for slot in self._slots if not slot.is_busy]
        slot = self._continued(idle, wanted, job) or self._spare(idle)
        donor = max(self._slots, key=lambda each: (_common(each.tokens, wanted), each is slot))
        length = _common(donor.tokens, wanted)
        if donor is slot:
            self._cut(slot, length)
        else:
            self._cut(slot, 0)
            self._share(donor, slot, length)
        slot.is_busy, slot.job = True, ""
        return slot

    def add(self, slot: Slot, tokens: Sequence[int]) -> None:
        """Note that a sequence grew."""
        cells = [next(self._fresh) for _ in tokens]
        slot.tokens += tokens
        slot.cells += cells
        self._holders.update(cells)

    def release(self, slot: Slot, job: str = "", seconds: float = 0.0) -> None:
        """Let a sequence go; what it holds is kept while there is room, for a program first of all."""
        slot.is_busy, slot.used = False, next(self._ticks)
        slot.job, slot.until = (job, self._clock() + seconds) if seconds > 0 else ("", 0.0)

    def forget(self, slot: Slot) -> None:
        """Let a sequence go, and what it holds."""
        self._cut(slot, 0)
        self.release(slot)

    def forget_all(self) -> None:
        """Begin anew."""
        self._memory.clear()
        self._holders.clear()
        for slot in self._slots:
            slot.tokens, slot.cells = [], []
            self.release(slot)

    def make_room(self, cells: int) -> bool:
        """Forget what nobody uses until so many cells are free; False if that is not enough."""
        while self.free < cells:
            idle = [slot for slot in self._slots if slot.tokens and not slot.is_busy]
            if not idle:
                return False
            self.forget(self._spare(idle))
        return True

    def retime(self, job: str, seconds: Callable[[int], float]) -> None:
        """Keep the turn of a program for another time, which depends on its tokens."""
        for slot in self.pins:
            if slot.job == job:
                slot.until = self._clock() + seconds(len(slot.tokens))

    def unpin(self, job: str) -> None:
        """Keep the turn of a program no longer than any other."""
        for slot in self._slots:
            slot.job = "" if slot.job == job else slot.job

    def _continued(self, idle: list[Slot], wanted: Sequence[int], job: str) -> Slot | None:
        """The sequence that the text goes on from: the longest that it begins with, or that of its own program."""
        whole = [slot for slot in idle if slot.tokens and _common(slot.tokens, wanted) == len(slot.tokens)]
        if whole:
            return max(whole, key=lambda slot: len(slot.tokens))
        return next((slot for slot in idle if job and slot.job == job), None)

    def _spare(self, idle: list[Slot]) -> Slot:
        """The sequence whose content is least worth keeping."""
        pins = self.pins
        return min(idle, key=lambda slot: (slot in pins, bool(slot.tokens), slot.used))

    def _cut(self, slot: Slot, length: int) -> None:
        self._memory.cut(slot.number, length)
        self._holders.subtract(slot.cells[length:])
        for cell in slot.cells[length:]:
            if not self._holders[cell]:
                del self._holders[cell]
        del slot.tokens[length:], slot.cells[length:]

    def _share(self, donor: Slot, slot: Slot, length: int) -> None:
        if not length:
            return
        self._memory.share(donor.number, slot.number, length)
        slot.tokens, slot.cells = donor.tokens[:length], donor.cells[:length]
        self._holders.update(slot.cells)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Tokens with which both begin."""
    shorter = min(len(one), len(other))
    if list(one[:shorter]) == list(other[:shorter]):
        return shorter
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
