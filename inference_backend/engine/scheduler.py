"""Which sequences run, and with which pages: programs are served first come, first served (Continuum, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.request import Overloaded
from repowright.inference_backend.engine.sequence import Sequence
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import OutOfPages
from repowright.inference_backend.kv.blocks import PageAllocator
from repowright.inference_backend.kv.pins import Pin, Pins
from repowright.inference_backend.kv.place import Place


class Scheduler:
    """Sequences that wait and run, the pages they hold, and the turns that are pinned.

    Parameters
    ----------
    window
        Tokens the cache keeps in half precision.
    can_share
        Whether pages alone bring a prefix back; see `KVPool.can_share`.
    clock
        Returns seconds that only grow.
    """

    def __init__(self, settings: EngineSettings, window: int, can_share: bool, clock: Callable[[], float]) -> None:
        self.pages = PageAllocator(settings.pages)
        self.pins = Pins(clock, self._unpinned)
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self.preempted = 0
        self._settings = settings
        self._window = window
        self._can_share = can_share
        self._slots = list(range(settings.running + settings.pinned))

    @property
    def free_slots(self) -> int:
        """Windows that neither a running sequence nor a pinned turn has."""
        return len(self._slots)

    def add(self, sequence: Sequence) -> None:
        """Let a sequence wait.

        Raises
        ------
        Overloaded
            If too many wait already.
        """
        if len(self.waiting) >= self._settings.waiting:
            raise Overloaded(f"{len(self.waiting)} requests wait already", "ask again in a few seconds")
        self.waiting.append(sequence)

    def admit(self) -> list[Sequence]:
        """Unpin what is past its time and let sequences run, in order, while there is room; return the new ones."""
        self.pins.expire()
        admitted: list[Sequence] = []
        self.waiting.sort(key=self._order)
        while self.waiting and len(self.running) < self._settings.running and self._place(self.waiting[0]):
            admitted.append(self.waiting.pop(0))
            self.running.append(admitted[-1])
        self.running.sort(key=lambda each: each.rank)
        return admitted

    def allocate(self, count: int, sequence: Sequence) -> list[int] | None:
        """Return pages for a running sequence, at the cost of pinned turns first and of later sequences then.

        Returns
        -------
        pages
            None if the sequence itself had to give way.

        Raises
        ------
        OutOfPages
            If it runs alone and the pool is too small for it.
        """
        while self.pages.available < count:
            if self.pins.yield_latest():
                continue
            victim = max(self.running, key=lambda each: each.rank)
            if victim is sequence and len(self.running) == 1:
                raise OutOfPages("the cache is too small for one sequence alone", "give it more pages")
            self._preempt(victim)
            if victim is sequence:
                return None
        return self.pages.allocate(count)

    @contextmanager
    def lent(self, pages: list[int]) -> Iterator[None]:
        """Take pages back that were allocated for a step, if the step fails before a sequence has them."""
        with ExitStack() as undo:
            undo.callback(self.pages.release, pages)
            yield
            undo.pop_all()

    def name_pages(self, sequence: Sequence) -> None:
        """Let the pages that a sequence sealed be found by others."""
        for page, name in sequence.unnamed() if self._can_share else ():
            self.pages.name(page, name)

    def finish(self, sequence: Sequence, pin_seconds: float = 0.0) -> None:
        """Take a sequence out; with a time, its cache waits for the next turn of its program."""
        if sequence in self.waiting:
            self.waiting.remove(sequence)
        if sequence in self.running:
            self.running.remove(sequence)
        place, sequence.place = sequence.place, None
        if place is None:
            return
        if pin_seconds > 0 and sequence.job and self._settings.pinned:
            held = sequence.tokens[: place.length]
            self.pins.add(sequence.job, sequence.program_arrival, place, held, pin_seconds)
            if len(self.pins) > self._settings.pinned:
                self.pins.yield_latest()
        else:
            self._free(place)

    def _order(self, sequence: Sequence) -> tuple[int, float, float]:
        urgency = 0 if sequence.was_preempted else 1 if sequence.job in self.pins else 2
        return urgency, *sequence.rank

    def _place(self, sequence: Sequence) -> bool:
        """Give a sequence its place, with what the cache has of it; False if there is no room now."""
        if sequence.job in self.pins and self._resume(sequence):
            return True
        shared = self._shared(sequence)
        fresh = self._wanted(sequence, len(shared)) + self._promised()
        while not self._slots or not self.pages.can_admit(shared, fresh):
            if not self.pins.yield_latest():
                return False
        self.pages.hold(shared)
        sequence.place = Place(self._slots.pop(), shared)
        self._begin(sequence)
        return True

    def _resume(self, sequence: Sequence) -> bool:
        """Go on where the last turn of the program ended, if the text does, and there are pages for the rest."""
        pin = self.pins.take(sequence.job)
        if pin is None:
            return False
        common = _common(pin.tokens, sequence.tokens)
        is_whole = common == pin.place.length
        if common < len(pin.place.pages) * PAGE or not (is_whole or self._can_share):
            self._unpinned(pin)
            return False
        pin.place.cut(common)
        sequence.place = pin.place
        while not self.pages.can_admit((), self._wanted(sequence, len(pin.place.pages)) + self._promised()):
            if not self.pins.yield_latest():
                sequence.place = None
                self._unpinned(pin)
                return False
        sequence.was_pinned = True
        self._begin(sequence)
        return True

    def _begin(self, sequence: Sequence) -> None:
        sequence.names = []
        if not sequence.was_preempted:
            sequence.cached = sequence.in_cache
        self.name_pages(sequence)

    def _shared(self, sequence: Sequence) -> list[int]:
        if not self._can_share:
            return []
        return self.pages.find(sequence.known_names())

    def _wanted(self, sequence: Sequence, has: int) -> int:
        """Pages that the prompt still needs, and one for the answer to begin with."""
        return max(0, (len(sequence.tokens) - self._window) // PAGE - has) + 1

    def _promised(self) -> int:
        """Pages that running sequences still need for their prompts."""
        return sum(
            self._wanted(each, len(each.place.pages)) for each in self.running if each.place and each.is_prefilling
        )

    def _preempt(self, sequence: Sequence) -> None:
        """Take a running sequence's pages; it waits again, first in the queue, and is computed anew."""
        self.running.remove(sequence)
        if sequence.place:
            self._free(sequence.place)
        sequence.place = None
        sequence.was_preempted = True
        self.preempted += 1
        self.waiting.append(sequence)

    def _unpinned(self, pin: Pin) -> None:
        self._free(pin.place)

    def _free(self, place: Place) -> None:
        self.pages.release(place.pages)
        self._slots.append(place.slot)


def _common(one: tuple[int, ...], other: list[int]) -> int:
    """Length of the common prefix, at most all but the last token of ``other``, which has to be computed."""
    longest = min(len(one), len(other) - 1)
    return next((at for at in range(longest) if one[at] != other[at]), longest)
